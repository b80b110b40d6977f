// What is wrong with the files of a tensor bundle.

#ifndef CKPTDIFF_FORMATS_TF_BUNDLE_DAMAGE_H_
#define CKPTDIFF_FORMATS_TF_BUNDLE_DAMAGE_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "formats/tf/bundle.h"

namespace ckptdiff {

// As far as sizes tell: shards that are not there or too short, sizes that do
// not fit their shapes, tensors that overlap, slices that do not make up their
// tensor. With `verify`, what the checksum of every payload says, too.
std::vector<Issue> ExamineBundle(const TensorBundle& bundle, bool verify);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_BUNDLE_DAMAGE_H_
