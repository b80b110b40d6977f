// A layer's variables are named below the layers that are being built while it
// is: in Keras 3 a Sequential model builds its own, a Functional one finds
// them built.

#include "formats/keras_layers/layer_scope.h"

#include <charconv>

#include "base/text.h"
#include "formats/keras/paths.h"

namespace ckptdiff {
namespace {

// The config of the model's layer at `position`; nullptr: there is none.
const Json* ConfigAt(const Json& model_config, size_t position) {
  const Json* layers = Member(model_config, "layers");
  if (layers == nullptr || !layers->is_array() || position >= layers->size()) {
    return nullptr;
  }
  return Member((*layers)[position], "config");
}

// Of the InputLayer that stands in front; nullptr: there is none.
const Json* InputConfig(const Json& model_config) {
  const Json* config = ConfigAt(model_config, 0);
  if (config == nullptr) return nullptr;
  const Json& layer = model_config.at("layers")[0];
  return StringOr(layer, "class_name") == "InputLayer" ? config : nullptr;
}

// Whether the model's first layer, behind its input, is a model that knows its
// input, and another layer follows: then Keras (from 3.4 on, which also writes
// whether an input is optional) builds a Sequential model at once.
bool StartsWithBuiltModel(const Json& model_config) {
  const Json* input = InputConfig(model_config);
  const Json* first = ConfigAt(model_config, 1);
  return input != nullptr && Member(*input, "optional") != nullptr &&
         first != nullptr && Member(*first, "output_layers") != nullptr &&
         ConfigAt(model_config, 2) != nullptr;
}

// Whether `from` leaves a size open that `to` tells.
bool IsMoreGeneral(const Shape& from, const Shape& to) {
  if (!from.known || !to.known || from.dims.size() != to.dims.size()) {
    return false;
  }
  for (size_t i = 0; i < from.dims.size(); ++i) {
    if (from.dims[i] == Shape::kUnknownDim &&
        to.dims[i] != Shape::kUnknownDim) {
      return true;
    }
  }
  return false;
}

// Where a Sequential model is called without an input of its own, Keras makes
// it one: of the shape of the call, of the type that the first layer computes
// in.
bool IsMadeForCall(BuildState& state, const Json& model_config,
                   const LayerCall& call) {
  const Json* input = InputConfig(model_config);
  if (input == nullptr) return true;
  if (IsMoreGeneral(DeclaredInput(*input), call.First())) return false;
  const Json* first = ConfigAt(model_config, 1);
  std::string dtype = StringOr(*input, "dtype");
  if (first == nullptr || Member(*first, "dtype") == nullptr || dtype.empty()) {
    return true;
  }
  std::string computed = LayerConfig(state, *first, {}).ComputeDType();
  return dtype == computed || computed.find("float") == std::string::npos;
}

bool IsDeclared(BuildState& state, const Json& model_config,
                const LayerCall& call) {
  std::optional<int64_t> own = InputNumber(model_config);
  if (own && (*own < 0 || (state.input_number && *own < *state.input_number))) {
    return true;
  }
  return StartsWithBuiltModel(model_config) ||
         !IsMadeForCall(state, model_config, call);
}

// Called with examples, whose number is told, before the model was made around
// it: so does Normalization.adapt().
bool IsBuiltBefore(const SerializedLayer& object, const LayerCall& call) {
  Shape built = BuildCall(object, LayerCall{}).First();
  Shape called = call.First();
  return built.known && called.known && !built.dims.empty() &&
         !called.dims.empty() && built.dims[0] != Shape::kUnknownDim &&
         called.dims[0] == Shape::kUnknownDim;
}

}  // namespace

std::optional<int64_t> InputNumber(const Json& model_config) {
  const Json* config = InputConfig(model_config);
  if (config == nullptr) return {};
  constexpr std::string_view kStem = "input_layer";
  std::string name = StringOr(*config, "name");
  if (name == kStem) return 0;
  std::string_view digits = name;
  if (!name.starts_with(kStem) || name.size() > kStem.size() + 10) return -1;
  digits.remove_prefix(kStem.size());
  int64_t number = 0;
  auto [end, error] =
      std::from_chars(digits.data() + 1, digits.data() + digits.size(), number);
  bool whole = error == std::errc() && digits[0] == '_' &&
               end == digits.data() + digits.size();
  return whole ? number : -1;
}

// Layers of a Functional model are built before it is, so its name is in no
// path. A Sequential one of Keras 3 builds its own: alone if it declares its
// input, else where it is first called. Both may look alike in a config; an
// input that was named, or made before that of the model around it, or that is
// not the one that the call would have made, was declared.
std::string InnerScope(BuildState& state, const SerializedLayer& object,
                       const LayerCall& call, const std::string& outer,
                       LayerBuilder::Scope scope) {
  bool is_sequential = object.kind == KerasLayer::Kind::kSequential;
  if (object.kind == KerasLayer::Kind::kFunctional) return {};
  if (is_sequential && !state.keras3()) return {};
  if (scope == LayerBuilder::Scope::kParent) return outer;
  if (state.keras3()) {
    bool is_apart = is_sequential ? IsDeclared(state, *object.config, call)
                                  : IsBuiltBefore(object, call);
    if (is_apart) return object.name;
  }
  return JoinScope(outer, object.name);
}

}  // namespace ckptdiff
