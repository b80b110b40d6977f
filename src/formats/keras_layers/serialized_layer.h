// One serialized layer or model of a config, opened: which class it is, and
// what it says of its input.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_SERIALIZED_LAYER_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_SERIALIZED_LAYER_H_

#include <string>
#include <string_view>

#include "formats/keras_layers/layer_class.h"

namespace ckptdiff {

struct SerializedLayer {
  std::string class_name;
  std::string name;
  const Json* config;
  const Json* build_config;       // may be null
  const LayerClass* layer_class;  // nullptr: not built in
  KerasLayer::Kind kind = KerasLayer::Kind::kLayer;
};

// {"class_name", "config", ...}; `rename` goes before the config's own name.
// `object` must outlive the result. Throws ParseError where it is neither.
SerializedLayer OpenLayer(const Json& object, std::string_view rename = {});

// What errors call it: layer "dense".
std::string WhereOf(const SerializedLayer& layer);

// A shape as an argument, or several of them as one that is a list.
TensorArg ShapeArgument(std::string keyword, const Json& json);

// The call that the layer was built with: `build_config` goes before what
// `call` tells.
LayerCall BuildCall(const SerializedLayer& layer, const LayerCall& call);

// What an input layer, and in Keras 1 and 2 any first layer, says of its
// input; unknown for all others.
Shape DeclaredInput(const Json& config);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_SERIALIZED_LAYER_H_
