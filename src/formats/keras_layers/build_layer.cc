// From a serialized layer or model to its tree, and the shapes on the way.

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/keras_layers/graph.h"
#include "formats/keras_layers/layer_builder.h"
#include "formats/keras_layers/layer_scope.h"
#include "formats/keras_layers/nasnet_scopes.h"
#include "formats/keras_layers/serialized_layer.h"

namespace ckptdiff {
namespace {

// What a layer takes in the accounts of BuildState, whatever it is.
constexpr uint64_t kLayerCost = sizeof(KerasLayer) + sizeof(KerasChild);

// `shape`, with what it leaves open taken from `fallback`.
Shape Filled(Shape shape, const Shape& fallback) {
  if (!shape.known) return fallback;
  if (!fallback.known || fallback.dims.size() != shape.dims.size()) {
    return shape;
  }
  for (size_t i = 0; i < shape.dims.size(); ++i) {
    if (shape.dims[i] == Shape::kUnknownDim) shape.dims[i] = fallback.dims[i];
  }
  return shape;
}

// Walks the calls of a model in the order of their tensors. The first walk
// builds the layers; later ones only ask what comes out.
class ModelWalk {
 public:
  // `parent` is nullptr where nothing is to be built.
  ModelWalk(BuildState& state, KerasLayer* parent, std::string scope)
      : state_(state), parent_(parent), scope_(std::move(scope)) {}

  std::vector<Shape> Functional(const Json& config, const LayerCall& call) {
    LayerGraph graph = ParseGraph(config, state_.model->dialect);
    std::vector<std::vector<std::vector<Shape>>> outputs(graph.layers.size());
    std::vector<KerasLayer*> built(graph.layers.size(), nullptr);
    for (size_t i = 0; i < graph.layers.size(); ++i) {
      outputs[i].resize(graph.layers[i].calls.size());
    }
    std::vector<Shape> given = call.All();
    for (size_t i = 0; i < graph.inputs.size() && i < given.size(); ++i) {
      outputs[graph.inputs[i].layer][graph.inputs[i].call] = {given[i]};
    }
    NasnetScopes scopes(graph);
    for (auto [layer, k] : CallOrder(graph)) {
      const GraphLayer& node = graph.layers[layer];
      LayerCall inner = ToCall(node.calls[k], outputs);
      std::vector<Shape>& result = outputs[layer][k];
      if (inner.args.empty() && !result.empty()) {
        const Json* input = Member(*node.object, "config");
        Shape declared =
            input != nullptr ? DeclaredInput(*input) : Shape::Unknown();
        inner = LayerCall::Of(parent_ != nullptr ? Filled(declared, result[0])
                                                 : Filled(result[0], declared));
      }
      std::string scope = state_.keras3() ? scopes.Of(node.name) : "";
      result = Step(*node.object, inner, scope, built[layer]);
    }
    for (KerasLayer* layer : built) Adopt(layer);
    std::vector<Shape> returned;
    for (const TensorRef& ref : graph.outputs) {
      returned.push_back(At(outputs, ref));
    }
    return returned;
  }

  std::vector<Shape> Sequential(const Json& config,
                                const SerializedLayer& model,
                                const LayerCall& call) {
    const Json& layers = config.is_array() ? config : config.at("layers");
    LayerCall next = call;
    if (!next.First().known) next = StartOf(config, model);
    std::vector<Shape> outputs = next.All();
    for (const Json& object : layers) {
      const Json* inner = Member(object, "config");
      Shape declared =
          inner != nullptr ? DeclaredInput(*inner) : Shape::Unknown();
      if (declared.known && &object == &layers.front()) {
        next = LayerCall::Of(Filled(declared, next.First()));
      }
      KerasLayer* built = nullptr;
      outputs = Step(object, next, scope_, built);
      // The input that a model declares is none of its layers.
      if (StringOr(object, "class_name") != "InputLayer") Adopt(built);
      next = LayerCall{};
      next.args.push_back({{}, outputs.size() > 1, outputs});
    }
    return outputs;
  }

 private:
  using Outputs = std::vector<std::vector<std::vector<Shape>>>;

  static Shape At(const Outputs& outputs, const TensorRef& ref) {
    const std::vector<Shape>& all = outputs[ref.layer][ref.call];
    return ref.index < all.size() ? all[ref.index] : Shape::Unknown();
  }

  LayerCall ToCall(const GraphCall& call, const Outputs& outputs) const {
    LayerCall result;
    result.kwargs = call.kwargs;
    for (const GraphArg& arg : call.args) {
      TensorArg tensors{arg.keyword, arg.is_list, {}};
      for (const TensorRef& ref : arg.tensors) {
        Shape inferred = At(outputs, ref);
        // The shapes written down are those of the first walk's inputs.
        tensors.shapes.push_back(parent_ != nullptr
                                     ? Filled(ref.told, inferred)
                                     : Filled(inferred, ref.told));
      }
      result.args.push_back(std::move(tensors));
    }
    return result;
  }

  static LayerCall StartOf(const Json& config, const SerializedLayer& model) {
    LayerCall start = BuildCall(model, LayerCall{});
    const Json* shape = Member(config, "build_input_shape");
    if (!start.First().known && shape != nullptr) {
      start.args = {ShapeArgument({}, *shape)};
    }
    if (start.args.empty()) start = LayerCall::Of(Shape::Unknown());
    return start;
  }

  std::vector<Shape> Step(const Json& object, const LayerCall& call,
                          const std::string& scope, KerasLayer*& built) {
    if (parent_ == nullptr || built != nullptr) {
      return SerializedOutputs(state_, object, call);
    }
    BuiltLayer result = BuildLayer(state_, object, call, scope);
    built = result.layer;
    return result.outputs;
  }

  void Adopt(KerasLayer* layer) {
    if (parent_ != nullptr && layer != nullptr) {
      parent_->children.push_back({"layers", true, layer});
    }
  }

  BuildState& state_;
  KerasLayer* parent_;
  std::string scope_;
};

std::vector<Shape> WalkModel(ModelWalk walk, const SerializedLayer& model,
                             const LayerCall& call) {
  return model.kind == KerasLayer::Kind::kFunctional
             ? walk.Functional(*model.config, call)
             : walk.Sequential(*model.config, model, call);
}

// Up to 3.1, a layer had to be built to be frozen. Policies are text up to 3.3.
bool IsEarlyKeras3(const BuildState& state, const Json& config) {
  if (!state.keras3()) return false;
  const std::string& version = state.model->keras_version;
  if (!version.empty()) {
    return version.starts_with("3.0.") || version.starts_with("3.1.");
  }
  const Json* dtype = Member(config, "dtype");
  return dtype != nullptr && dtype->is_string();
}

}  // namespace

BuiltLayer BuildLayer(BuildState& state, const Json& object,
                      const LayerCall& call, const std::string& outer,
                      LayerBuilder::Scope scope, std::string_view rename) {
  SerializedLayer opened = OpenLayer(object, rename);
  state.Spend(kLayerCost + opened.name.size() + outer.size());
  int64_t shared_id = IntOr(object, "shared_object_id", -1);
  auto met = state.shared.find(shared_id);
  if (met != state.shared.end() && met->second->name == opened.name &&
      met->second->class_name == opened.class_name) {
    return {met->second, SerializedOutputs(state, object, call)};
  }
  KerasLayer& layer = state.model->layers.emplace_back();
  if (shared_id >= 0) state.shared[shared_id] = &layer;
  layer.name = opened.name;
  layer.class_name = opened.class_name;
  layer.kind = opened.kind;
  layer.trainable = BoolOr(*opened.config, "trainable", true);
  std::string inner = InnerScope(state, opened, call, outer, scope);
  if (layer.is_model()) {
    layer.input = call.First();
    std::optional<int64_t> around = state.input_number;
    state.input_number = InputNumber(*opened.config);
    BuiltLayer built = {
        &layer, WalkModel(ModelWalk(state, &layer, inner), opened, call)};
    state.input_number = around;
    return built;
  }
  layer.known = opened.layer_class != nullptr;
  LayerConfig config(state, *opened.config, WhereOf(opened));
  if (config.Has("dtype")) layer.policy = config.PolicyName();
  layer.hides_freezing = IsEarlyKeras3(state, *opened.config);
  LayerCall built = BuildCall(opened, call);
  layer.input = built.First();
  if (layer.known && opened.layer_class->build != nullptr) {
    LayerBuilder builder(layer, inner, config, built);
    opened.layer_class->build(builder);
  }
  return {&layer, OutputShapes(opened.layer_class, config, call)};
}

std::vector<Shape> SerializedOutputs(BuildState& state, const Json& object,
                                     const LayerCall& call) {
  SerializedLayer opened = OpenLayer(object);
  state.Spend(kLayerCost);
  if (opened.kind != KerasLayer::Kind::kLayer) {
    return WalkModel(ModelWalk(state, nullptr, {}), opened, call);
  }
  LayerConfig config(state, *opened.config, WhereOf(opened));
  return OutputShapes(opened.layer_class, config, call);
}

}  // namespace ckptdiff
