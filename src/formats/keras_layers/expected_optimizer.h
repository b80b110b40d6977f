// The optimizer state that a compiled Keras model expects of a checkpoint.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_OPTIMIZER_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_OPTIMIZER_H_

#include "ckptdiff/layout.h"
#include "container/json_doc.h"
#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

// Adds the optimizer of `config` (`compile_config` of Keras 3 and tf-keras,
// `training_config` of an HDF5 model) and a slot for each weight of `layout`
// that is trained. Nothing where the model is not compiled; no slots where the
// class is unknown.
void AddExpectedOptimizer(const Json& config, const KerasModel& model,
                          Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_EXPECTED_OPTIMIZER_H_
