#include "formats/keras_layers/serialized_layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

// A class of the user's own may bear the name of a built-in one.
bool IsBuiltIn(const Json& object) {
  if (StringOr(object, "registered_name").find('>') != std::string::npos) {
    return false;
  }
  std::string module = StringOr(object, "module");
  return module.empty() || module.starts_with("keras") ||
         module.starts_with("tf_keras") || module.starts_with("builtins") ||
         module.starts_with("tensorflow");
}

const LayerClass* ClassOf(const Json& object, std::string_view class_name) {
  std::string module = StringOr(object, "module");
  if (module.starts_with("keras.src.ops") || module.starts_with("keras.ops")) {
    return FindLayerClass(kOperationClass);
  }
  return IsBuiltIn(object) ? FindLayerClass(class_name) : nullptr;
}

KerasLayer::Kind KindOf(const SerializedLayer& object) {
  if (object.layer_class != nullptr) return KerasLayer::Kind::kLayer;
  if (object.config->is_array()) return KerasLayer::Kind::kSequential;
  const Json* layers = Member(*object.config, "layers");
  if (layers == nullptr || !layers->is_array()) return KerasLayer::Kind::kLayer;
  if (Member(*object.config, "output_layers") != nullptr) {
    return KerasLayer::Kind::kFunctional;
  }
  // Of another class that holds layers nobody knows how it calls them.
  if (object.class_name == "Sequential") return KerasLayer::Kind::kSequential;
  return KerasLayer::Kind::kLayer;
}

bool AllKnown(const TensorArg& arg) {
  return !arg.shapes.empty() &&
         std::all_of(arg.shapes.begin(), arg.shapes.end(),
                     [](const Shape& shape) { return shape.known; });
}

}  // namespace

SerializedLayer OpenLayer(const Json& object, std::string_view rename) {
  SerializedLayer result;
  result.class_name = StringOr(object, "class_name");
  result.config = Member(object, "config");
  if (result.class_name.empty() || result.config == nullptr ||
      !result.config->is_structured()) {
    throw Corrupt("config", "a layer has no class_name or no config");
  }
  result.build_config = Member(object, "build_config");
  result.name =
      rename.empty() ? StringOr(*result.config, "name") : std::string(rename);
  if (result.name.empty()) result.name = StringOr(object, "name");
  result.layer_class = ClassOf(object, result.class_name);
  result.kind = KindOf(result);
  return result;
}

std::string WhereOf(const SerializedLayer& object) {
  return fmt::format("layer \"{}\"", Printable(object.name));
}

TensorArg ShapeArgument(std::string keyword, const Json& json) {
  TensorArg arg{std::move(keyword), false, {}};
  bool nested = json.is_object() ||
                (json.is_array() && !json.empty() && json[0].is_structured());
  if (!nested) {
    arg.shapes.push_back(ShapeFromJson(json));
    return arg;
  }
  arg.is_list = true;
  for (const Json& item : json) arg.shapes.push_back(ShapeFromJson(item));
  return arg;
}

// Layers with several inputs write `shapes_dict` (Keras 3).
LayerCall BuildCall(const SerializedLayer& object, const LayerCall& call) {
  if (object.build_config == nullptr) return call;
  LayerCall result = call;
  auto put = [&result](TensorArg arg) {
    if (!AllKnown(arg)) return;
    for (TensorArg& old : result.args) {
      if (old.keyword == arg.keyword) {
        old = std::move(arg);
        return;
      }
    }
    if (arg.keyword.empty()) {
      result.args.insert(result.args.begin(), std::move(arg));
    } else {
      result.args.push_back(std::move(arg));
    }
  };
  const Json* shape = Member(*object.build_config, "input_shape");
  if (shape != nullptr) put(ShapeArgument({}, *shape));
  const Json* shapes = Member(*object.build_config, "shapes_dict");
  if (shapes != nullptr && shapes->is_object()) {
    for (const auto& [name, value] : shapes->items()) {
      std::string keyword = name;
      if (keyword.ends_with("_shape")) keyword.resize(keyword.size() - 6);
      if (value.is_array()) put(ShapeArgument(keyword, value));
    }
  }
  return result;
}

Shape DeclaredInput(const Json& config) {
  for (const char* name : {"batch_shape", "batch_input_shape"}) {
    const Json* shape = Member(config, name);
    if (shape != nullptr) return ShapeFromJson(*shape);
  }
  return Shape::Unknown();
}

}  // namespace ckptdiff
