// What the SavedObjectGraph of a SavedModel tells of its variables: shapes,
// types, who is trainable, which Keras layer holds which.

#ifndef CKPTDIFF_FORMATS_TF_SAVED_OBJECTS_H_
#define CKPTDIFF_FORMATS_TF_SAVED_OBJECTS_H_

#include "base/bytes.h"
#include "ckptdiff/layout.h"

namespace ckptdiff {

// `graph` is a serialized SavedObjectGraph, `keras` what keras_metadata.pb
// holds (empty: none; before TF 2.5 the graph itself has the metadata).
// Both throw ParseError.

// Adds trainability and layers to the variables of a bundle.
void DescribeBySavedObjects(Bytes graph, Bytes keras, Layout* layout);

// Lists the variables by the graph alone, under the keys that a bundle would
// have.
void ListSavedObjects(Bytes graph, Bytes keras, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_SAVED_OBJECTS_H_
