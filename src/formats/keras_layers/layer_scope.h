// Under which name scope of Keras a layer makes its variables.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_SCOPE_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_SCOPE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "formats/keras_layers/layer_builder.h"
#include "formats/keras_layers/serialized_layer.h"

namespace ckptdiff {

// Keras 3 numbers the inputs of a program as they are made: "input_layer",
// "input_layer_1", ... -1: the user named it; nullopt: there is none.
std::optional<int64_t> InputNumber(const Json& model_config);

// The scope of what `object` holds, where it is called with `call` inside of
// `outer`; empty: none.
std::string InnerScope(BuildState& state, const SerializedLayer& object,
                       const LayerCall& call, const std::string& outer,
                       LayerBuilder::Scope scope);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_SCOPE_H_
