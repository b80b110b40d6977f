// The variables of an object-based bundle, for tf-bundle-object and for the
// bundle inside a SavedModel.

#ifndef CKPTDIFF_FORMATS_TF_OBJECT_LAYOUT_H_
#define CKPTDIFF_FORMATS_TF_OBJECT_LAYOUT_H_

#include "ckptdiff/layout.h"
#include "formats/tf/bundle.h"

namespace ckptdiff {

// Adds variables, layers, optimizers and the step to `layout`. Where the
// object graph cannot be read (its shard is missing), names are told from the
// keys and that is an issue.
void ReadObjectBundle(const TensorBundle& bundle, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_OBJECT_LAYOUT_H_
