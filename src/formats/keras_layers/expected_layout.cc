#include "formats/keras_layers/expected_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "ckptdiff/dtype.h"
#include "formats/keras/placement.h"

namespace ckptdiff {
namespace {

class LayoutWalk {
 public:
  explicit LayoutWalk(const KerasModel& model) : model_(model) {}

  Layout Walk() {
    const KerasLayer& root = *model_.root;
    if (root.is_model()) {
      AddModel(root);
    } else {
      AddLayer(root);
    }
    AddKeys();
    layout_.source.framework = "keras";
    if (!model_.keras_version.empty()) {
      layout_.source.writer = fmt::format("Keras {}", model_.keras_version);
    }
    layout_.source.addressed_by = AddressedBy::kOrder;
    return std::move(layout_);
  }

 private:
  void AddModel(const KerasLayer& model) {
    for (const KerasChild& child : model.children) {
      if (child.layer->is_model()) {
        AddModel(*child.layer);
      } else {
        AddLayer(*child.layer);
      }
    }
  }

  // Nested models may repeat a name; what is said of it is said once.
  void AddLayer(const KerasLayer& layer) {
    bool known = IsKnown(layer);
    if (layer_names_.insert(layer.name).second) {
      layout_.layers.push_back({layer.name, layer.class_name, known});
    }
    if (!known) return;
    for (const KerasVariable* weight : Weights(model_, layer)) {
      if (!seen_.insert(weight).second) continue;
      AddVariable(*weight, layer.name);
    }
  }

  // With one class inside that is not built in, nobody knows what it holds.
  static bool IsKnown(const KerasLayer& layer) {
    return layer.known &&
           std::ranges::all_of(layer.children, [](const KerasChild& child) {
             return IsKnown(*child.layer);
           });
  }

  void AddVariable(const KerasVariable& weight, const std::string& layer) {
    Variable variable;
    variable.name = weight.path;
    variable.shape = weight.shape;
    variable.dtype = weight.dtype;
    variable.trainable = weight.optimized;
    variable.tracked = weight.stored;
    variable.layer = layer;
    std::optional<uint64_t> elements = weight.shape.Elements();
    std::optional<uint32_t> bits = DTypeBits(weight.dtype);
    if (elements && bits && *elements < (uint64_t{1} << 50)) {
      variable.bytes = *elements * *bits / 8;
    }
    layout_.variables.push_back(std::move(variable));
    weights_.push_back(&weight);
  }

  // Names that repeat are told apart by the paths that a store has.
  void AddKeys() {
    std::map<std::string_view, size_t> count;
    for (const Variable& variable : layout_.variables) ++count[variable.name];
    bool repeats = std::ranges::any_of(
        count, [](const auto& entry) { return entry.second > 1; });
    if (!repeats) return;
    std::map<const KerasVariable*, std::string> keys = StoreKeys(model_);
    for (size_t i = 0; i < weights_.size(); ++i) {
      Variable& variable = layout_.variables[i];
      auto key = keys.find(weights_[i]);
      if (count[variable.name] > 1 && key != keys.end()) {
        variable.key = key->second;
      }
    }
  }

  const KerasModel& model_;
  Layout layout_;
  std::set<std::string> layer_names_;
  std::set<const KerasVariable*> seen_;
  std::vector<const KerasVariable*> weights_;  // by variable
};

}  // namespace

Layout ExpectedLayout(const KerasModel& model) {
  return LayoutWalk(model).Walk();
}

}  // namespace ckptdiff
