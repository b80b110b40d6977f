// The layout that a Keras model expects of a checkpoint.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_LAYOUT_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_LAYOUT_H_

#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

// Layers and weights, in the order of `model.weights`. A layer is what the
// user added: those of nested models are listed, the objects inside a layer
// are not.
Layout ExpectedLayout(const KerasModel& model);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_LAYOUT_H_
