// Layers around another layer.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

const Json& InnerLayer(const LayerConfig& config) {
  const Json* layer = Member(config.json(), "layer");
  if (layer == nullptr || !layer->is_object()) {
    config.Fail("\"layer\" is missing");
  }
  return *layer;
}

Shape WithoutTime(Shape shape) {
  if (!shape.known || shape.dims.size() < 2) return Shape::Unknown();
  shape.dims.erase(shape.dims.begin() + 1);
  return shape;
}

// Keras 2 does not enter the name of the layer inside.
LayerBuilder::Scope InnerScope(const LayerBuilder& b) {
  return b.keras3() ? LayerBuilder::Scope::kOwn : LayerBuilder::Scope::kParent;
}

void BuildTimeDistributed(LayerBuilder& b) {
  b.Layer("layer", InnerLayer(b.config()),
          LayerCall::Of(WithoutTime(b.input())), InnerScope(b));
}

std::vector<Shape> TimeDistributedOutput(const LayerConfig& config,
                                         const LayerCall& call) {
  Shape input = call.First();
  if (!input.known || input.dims.size() < 2) return {Shape::Unknown()};
  std::vector<Shape> outputs = SerializedOutputs(
      config.state(), InnerLayer(config), LayerCall::Of(WithoutTime(input)));
  for (Shape& output : outputs) {
    if (!output.known || output.dims.empty()) {
      output = Shape::Unknown();
    } else {
      output.dims.insert(output.dims.begin() + 1, input.dims[1]);
    }
  }
  return outputs;
}

std::string NameOf(const Json& layer) {
  const Json* config = Member(layer, "config");
  return config == nullptr ? "" : StringOr(*config, "name");
}

// Keras 3 writes both layers as they are called; Keras 2 writes the one that
// the user gave, and calls its copies forward_NAME and backward_NAME.
void BuildBidirectional(LayerBuilder& b) {
  const Json& layer = InnerLayer(b.config());
  const Json* backward = Member(b.config().json(), "backward_layer");
  if (backward == nullptr || !backward->is_object()) backward = nullptr;
  LayerCall call = LayerCall::Of(b.input());
  std::string name = NameOf(layer);
  std::string forward_name = "forward_" + name;
  std::string backward_name = "backward_" + name;
  if (b.keras3()) {
    if (name.starts_with("forward_")) {
      forward_name = name;
      backward_name = "backward_" + name.substr(8);
    }
    if (backward != nullptr) backward_name = NameOf(*backward);
  } else if (backward != nullptr) {
    backward_name = "backward_" + NameOf(*backward);
  }
  b.Layer("forward_layer", layer, call, LayerBuilder::Scope::kOwn,
          forward_name);
  b.Layer("backward_layer", backward != nullptr ? *backward : layer, call,
          LayerBuilder::Scope::kOwn, backward_name);
}

std::vector<Shape> BidirectionalOutput(const LayerConfig& config,
                                       const LayerCall& call) {
  std::vector<Shape> once = SerializedOutputs(
      config.state(), InnerLayer(config), LayerCall::Of(call.First()));
  const Json* mode = Member(config.json(), "merge_mode");
  std::vector<Shape> outputs = {once[0]};
  if (mode != nullptr && mode->is_null()) {
    outputs.push_back(once[0]);
  } else if (mode == nullptr || *mode == "concat") {
    if (once[0].known && !once[0].dims.empty()) {
      outputs[0].dims.back() = MulDim(once[0].dims.back(), 2);
    }
  }
  for (int side = 0; side < 2; ++side) {
    outputs.insert(outputs.end(), once.begin() + 1, once.end());
  }
  return outputs;
}

// The kernel that a wrapper goes on holding after its layer was quantised. Of
// one that is packed now, only that of Dense tells its shape.
KerasVariable* BeforeQuantization(const LayerConfig& inner,
                                  const KerasVariable& quantized) {
  KerasVariable& before =
      inner.state().model->variables.emplace_back(quantized);
  before.trainable = true;
  before.dtype = inner.VariableDType();
  if (inner.Quantized().mode != "int8") {
    std::optional<int64_t> units = inner.OptionalSize("units");
    bool is_matrix = units && before.shape.dims.size() == 2;
    before.shape = is_matrix ? Shape::Of({before.shape.dims[0], *units})
                             : Shape::Unknown();
  }
  return &before;
}

// Holds the kernel of its layer as its own too, if that is one variable (with
// LoRA it is a sum), and one estimate of its largest singular vector.
void BuildSpectralNormalization(LayerBuilder& b) {
  const Json& object = InnerLayer(b.config());
  KerasLayer* layer =
      b.Layer("layer", object, LayerCall::Of(b.input()), InnerScope(b));
  LayerConfig inner(b.config().state(), object.at("config"),
                    b.config().where());
  for (KerasVariable* variable : layer->variables) {
    if (variable->name != "kernel" && variable->name != "embeddings") continue;
    if (variable->dtype == "int8") {
      variable = BeforeQuantization(inner, *variable);
    }
    if (!variable->frozen) b.Share(variable);
    int64_t width = variable->shape.known && !variable->shape.dims.empty()
                        ? variable->shape.dims.back()
                        : kUnknownDim;
    b.Add("vector_u", {1, width}, {false, variable->dtype});
    return;
  }
}

std::vector<Shape> InnerOutput(const LayerConfig& config,
                               const LayerCall& call) {
  return SerializedOutputs(config.state(), InnerLayer(config), call);
}

constexpr LayerClass kClasses[] = {
    {"Bidirectional", BuildBidirectional, BidirectionalOutput},
    {"SpectralNormalization", BuildSpectralNormalization, InnerOutput},
    {"TimeDistributed", BuildTimeDistributed, TimeDistributedOutput},
};

}  // namespace

extern const std::span<const LayerClass> kWrapperLayers;
const std::span<const LayerClass> kWrapperLayers = kClasses;

}  // namespace ckptdiff
