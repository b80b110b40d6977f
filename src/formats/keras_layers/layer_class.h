// What is known of one built-in layer class. A class is one entry of its
// family's table; a family is one file and one line in layer_class.cc.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CLASS_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CLASS_H_

#include <span>
#include <string_view>
#include <vector>

#include "formats/keras_layers/layer_config.h"

namespace ckptdiff {

class LayerBuilder;

// One argument of a call that is a tensor or a list of tensors.
struct TensorArg {
  std::string keyword;  // empty: by position
  bool is_list = false;
  std::vector<Shape> shapes;
};

// How a layer was called: what its input shapes are taken from.
struct LayerCall {
  std::vector<TensorArg> args;
  // What else the call was given, as the config writes it; may be null.
  const Json* kwargs = nullptr;

  static LayerCall Of(Shape input);
  // The first tensor; unknown where there is none.
  Shape First() const;
  // All tensors, lists opened.
  std::vector<Shape> All() const;
  // The argument with this keyword, else the one at this position.
  const TensorArg* Find(std::string_view keyword, size_t position) const;
};

using BuildFunction = void (*)(LayerBuilder&);
using OutputFunction = std::vector<Shape> (*)(const LayerConfig&,
                                              const LayerCall&);

struct LayerClass {
  std::string_view name;  // as configs spell it
  // Makes the variables and inner objects; nullptr: it has none.
  BuildFunction build = nullptr;
  // The shapes that it returns; nullptr: the shape of its first input.
  OutputFunction output = nullptr;
};

// Stands for every operation of Keras 3 (`keras.src.ops`): no variables.
constexpr std::string_view kOperationClass = "keras.ops";

// nullptr: not built in.
const LayerClass* FindLayerClass(std::string_view name);

// The shapes that a call returns; one unknown shape where `layer` is nullptr.
std::vector<Shape> OutputShapes(const LayerClass* layer,
                                const LayerConfig& config,
                                const LayerCall& call);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CLASS_H_
