#include "formats/keras_layers/expected_layout.h"

#include <fmt/format.h>

#include <set>

#include "ckptdiff/dtype.h"

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
    if (layer_names_.insert(layer.name).second) {
      layout_.layers.push_back({layer.name, layer.class_name, layer.known});
    }
    for (const KerasVariable* weight : Weights(model_, layer)) {
      if (!seen_.insert(weight).second) continue;
      Variable variable;
      variable.name = weight->path;
      variable.shape = weight->shape;
      variable.dtype = weight->dtype;
      variable.trainable = weight->optimized;
      variable.layer = layer.name;
      std::optional<uint64_t> elements = weight->shape.Elements();
      std::optional<uint32_t> bits = DTypeBits(weight->dtype);
      if (elements && bits && *elements < (uint64_t{1} << 50)) {
        variable.bytes = *elements * *bits / 8;
      }
      layout_.variables.push_back(std::move(variable));
    }
  }

  const KerasModel& model_;
  Layout layout_;
  std::set<std::string> layer_names_;
  std::set<const KerasVariable*> seen_;
};

}  // namespace

Layout ExpectedLayout(const KerasModel& model) {
  return LayoutWalk(model).Walk();
}

}  // namespace ckptdiff
