#include "formats/keras_layers/keras_model.h"

#include <set>

#include "base/parse_error.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// Enough for any config that is meant: a layer of it takes half a KiB of text
// at least, and less than that as a tree.
constexpr uint64_t kLeastBudget = uint64_t{24} << 20;

KerasDialect DialectOfVersion(std::string_view version) {
  if (version.starts_with("1.")) return KerasDialect::kKeras1;
  if (version.starts_with("2.")) return KerasDialect::kKeras2;
  return KerasDialect::kKeras3;
}

// What one object of a config tells of its writer, else what the first of its
// layers tells that does.
std::optional<KerasDialect> DialectMark(const Json& json) {
  std::string module = StringOr(json, "module");
  if (module.starts_with("keras.src.models")) return KerasDialect::kKeras3;
  if (module.starts_with("tf_keras") ||
      module.find(".engine.") != std::string::npos) {
    return KerasDialect::kKeras2;
  }
  const Json* config = Member(json, "config");
  if (config == nullptr) return std::nullopt;
  if (Member(*config, "batch_shape") != nullptr) return KerasDialect::kKeras3;
  if (Member(*config, "batch_input_shape") != nullptr) {
    return KerasDialect::kKeras2;
  }
  if (const Json* dtype = Member(*config, "dtype")) {
    std::string policy = StringOr(*dtype, "class_name");
    if (policy == "Policy") return KerasDialect::kKeras2;
    if (!policy.empty()) return KerasDialect::kKeras3;
  }
  const Json* layers = Member(*config, "layers");
  if (layers == nullptr || !layers->is_array()) return std::nullopt;
  for (const Json& layer : *layers) {
    if (auto mark = DialectMark(layer)) return mark;
  }
  return std::nullopt;
}

KerasDialect DialectOf(const Json& json, const std::string& version) {
  if (!version.empty()) return DialectOfVersion(version);
  if (auto mark = DialectMark(json)) return *mark;
  return Member(json, "module") != nullptr ? KerasDialect::kKeras3
                                           : KerasDialect::kKeras2;
}

// model.quantize() quantises each layer that can be; those that attention
// makes are no part of its config. So: as all others are, else not.
class QuantizationSearch {
 public:
  explicit QuantizationSearch(BuildState& state) : state_(&state) {}

  Quantization Of(const Json& config) {
    Visit(config);
    return agree_ ? found_.value_or(Quantization{}) : Quantization{};
  }

 private:
  void Visit(const Json& json) {
    if (!json.is_structured()) return;
    std::string class_name = StringOr(json, "class_name");
    bool is_dense = class_name == "Dense" || class_name == "EinsumDense";
    const Json* config = Member(json, "config");
    if (config == nullptr ||
        (!is_dense && !class_name.ends_with("Embedding"))) {
      for (const Json& item : json) Visit(item);
      return;
    }
    Quantization own = LayerConfig(*state_, *config, {}).Quantized();
    // Not every way is one for embeddings.
    if (!is_dense && own.mode.empty()) return;
    agree_ = agree_ && found_.value_or(own) == own;
    found_ = own;
  }

  BuildState* state_;
  std::optional<Quantization> found_;
  bool agree_ = true;
};

void Collect(const KerasModel& model, const KerasLayer& layer,
             std::vector<KerasVariable*>& all) {
  bool plain_of_keras2 =
      model.dialect != KerasDialect::kKeras3 && !layer.is_model();
  size_t start = all.size();
  for (KerasVariable* variable : layer.variables) all.push_back(variable);
  for (const KerasChild& child : layer.children) {
    Collect(model, *child.layer, all);
  }
  // A layer of Keras 2 lists what is trained first, of all that it holds.
  if (plain_of_keras2 && !layer.children.empty()) {
    std::stable_partition(
        all.begin() + static_cast<std::ptrdiff_t>(start), all.end(),
        [](const KerasVariable* variable) { return variable->optimized; });
  }
}

// All that could be trained below `layer` is.
void Thaw(KerasLayer& layer) {
  for (KerasVariable* variable : layer.variables) {
    variable->optimized = variable->trainable && !variable->frozen;
  }
  for (KerasChild& child : layer.children) Thaw(*child.layer);
}

// Keras 3 keeps the flag with the variable, and freezing an object sets it in
// all that it holds, in their configs too; Keras 2 asks every object on the
// way, and trains what any owner of a shared variable trains. Where a config
// does not tell whether a layer was frozen in time: those who freeze a model
// that is there begin at its front.
void SetOptimized(const KerasModel& model, KerasLayer& layer, bool outer) {
  bool trained = layer.trainable && outer;
  bool is_keras3 = model.dialect == KerasDialect::kKeras3;
  for (KerasVariable* variable : layer.variables) {
    bool by_another = !is_keras3 && variable->optimized;
    variable->optimized =
        by_another || (variable->trainable && !variable->frozen && trained);
  }
  bool all_frozen = true;  // of the model's layers so far
  for (KerasChild& child : layer.children) {
    KerasLayer& inner = *child.layer;
    bool inherits = !is_keras3 || !inner.configured;
    SetOptimized(model, inner, !inherits || trained);
    if (!layer.is_model()) continue;
    if (inner.hides_freezing && !inner.trainable && !all_frozen) Thaw(inner);
    all_frozen =
        all_frozen && std::ranges::none_of(Weights(model, inner),
                                           [](const KerasVariable* variable) {
                                             return variable->optimized;
                                           });
  }
}

}  // namespace

std::unique_ptr<KerasModel> ReadKerasModel(
    const Json& config, const std::optional<std::string>& keras_version) {
  auto model = std::make_unique<KerasModel>();
  model->keras_version =
      keras_version.value_or(StringOr(config, "keras_version"));
  model->dialect = DialectOf(config, model->keras_version);
  BuildState state{model.get(), kLeastBudget};
  state.quantization = QuantizationSearch(state).Of(config);
  model->root = BuildLayer(state, config, LayerCall{}, {}).layer;
  SetOptimized(*model, *model->root, true);
  // A model that is frozen itself trains nothing, whatever was thawed in it.
  if (!model->root->trainable) {
    for (KerasVariable& one : model->variables) one.optimized = false;
  }
  return model;
}

std::vector<KerasVariable*> Weights(const KerasModel& model,
                                    const KerasLayer& layer) {
  std::vector<KerasVariable*> all;
  Collect(model, layer, all);
  std::set<const KerasVariable*> seen;
  std::erase_if(all, [&seen](const KerasVariable* variable) {
    return !seen.insert(variable).second;
  });
  return all;
}

}  // namespace ckptdiff
