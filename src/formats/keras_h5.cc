// Legacy Keras HDF5, Keras 1.0 to 3.x. The root (weights only) or its group
// `model_weights` (a full model) has the attribute `layer_names`; each layer is
// a group with the attribute `weight_names`, and a data set per name:
//
//   model_weights/dense_1/dense_1/kernel:0
//                 │       └ weight name, "/" nests groups
//                 └ layer name
//
// A nested model is one layer, whose list holds all its weights: trainable
// ones first. `top_level_model_weights` (Keras ≥ 2.6) is what the model itself
// owns; it is in no list. A full model has the root attributes model_config,
// training_config, keras_version, and the group optimizer_weights
// (keras/h5_optimizer.h). Lists too long for one attribute are cut into
// layer_names0, layer_names1, … Keras 0.x had no names: layer_0/param_0.
//
// Longer than most readers: every version from 0.x to 3.x is one layout.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "container/hdf5_file.h"
#include "container/json_doc.h"
#include "formats/format.h"
#include "formats/keras/h5_optimizer.h"
#include "formats/keras/hdf5.h"
#include "formats/keras/placement.h"
#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kTopLevel = "top_level_model_weights";

Claim Detect(const Source& source, const ReadOptions&) {
  switch (SniffKerasHdf5(source)) {
    case KerasHdf5::kLegacy: return {.match = Match::kYes};
    case KerasHdf5::kForeign: {
      // Of an HDF5 file with a checkpoint's name, the reader says what it is.
      std::string name = source.name();
      bool is_named = name.ends_with(".h5") || name.ends_with(".hdf5") ||
                      name.ends_with(".keras");
      return {.match = is_named ? Match::kMaybe : Match::kNo};
    }
    default: return {};
  }
}

// What the config says of the weights of a file.
class Told {
 public:
  explicit Told(const KerasModel* model) : model_(model) {
    if (model == nullptr) return;
    for (const Placement& place : PlaceObjects(*model, model->keras_version)) {
      if (place.layer == nullptr) continue;
      layers_.push_back(place);
      for (const KerasVariable* variable : place.object->variables) {
        layer_of_.emplace(variable, place.layer);
      }
    }
    for (const KerasChild& child : model->root->children) {
      top_.emplace(child.layer->name, child.layer);
    }
  }

  const KerasModel* model() const { return model_; }
  const std::vector<Placement>& objects() const { return layers_; }
  const KerasLayer* Top(const std::string& name) const {
    auto found = top_.find(name);
    return found == top_.end() ? nullptr : found->second;
  }
  const KerasLayer* LayerOf(const KerasVariable* variable) const {
    auto found = layer_of_.find(variable);
    return found == layer_of_.end() ? nullptr : found->second;
  }

  // The variables of a layer in the order of the file, or nullptrs: by their
  // names, and where a name is another (loaded and saved again, an older
  // version), by position if all shapes agree.
  std::vector<const KerasVariable*> Match(
      const KerasLayer& layer, const std::vector<Variable>& stored) const {
    std::vector<KerasVariable*> weights = Weights(*model_, layer);
    std::multimap<std::string_view, const KerasVariable*> by_path;
    for (const KerasVariable* one : weights) by_path.emplace(one->path, one);
    std::vector<const KerasVariable*> matched(stored.size(), nullptr);
    bool all = true;
    for (size_t i = 0; i < stored.size(); ++i) {
      auto found = by_path.find(stored[i].name);
      if (found != by_path.end() && by_path.count(stored[i].name) == 1) {
        matched[i] = found->second;
      } else {
        all = false;
      }
    }
    if (all || weights.size() != stored.size()) return matched;
    std::stable_partition(
        weights.begin(), weights.end(),
        [](const KerasVariable* one) { return one->optimized; });
    bool agrees = std::ranges::equal(
        weights, stored, [](const KerasVariable* a, const Variable& b) {
          return a->shape.Agrees(b.shape);
        });
    if (agrees) matched.assign(weights.begin(), weights.end());
    return matched;
  }

 private:
  const KerasModel* model_;
  std::vector<Placement> layers_;
  std::map<const KerasVariable*, const KerasLayer*> layer_of_;
  std::map<std::string, const KerasLayer*> top_;
};

bool IsStatisticName(std::string_view name) {
  std::string_view leaf = LastPart(name, "/");
  return IsStatistic(leaf) || leaf.ends_with("_running_mean") ||
         leaf.ends_with("_running_std");  // Keras 1: the layer is in the name
}

class Reader {
 public:
  Reader(const Hdf5Tree& tree, Layout* layout) : tree_(tree), layout_(layout) {}

  void Read() {
    const Hdf5Node& root = tree_.root;
    const Hdf5Node* weights = root.Child("model_weights");
    if (weights != nullptr) prefix_ = "model_weights/";
    const Hdf5Node& holder = weights == nullptr ? root : *weights;
    version_ = root.Text("keras_version");
    if (version_.empty()) version_ = holder.Text("keras_version");
    layout_->source.writer = KerasWriter(version_);
    std::unique_ptr<KerasModel> model = ReadModel(root.Text("model_config"));
    Told told(model.get());
    std::optional<std::vector<std::string>> layers =
        holder.Names("layer_names");
    if (!layers) {
      bool is_numbered = holder.Attribute("nb_layers") != nullptr;
      if (weights == nullptr && !is_numbered) {
        throw Corrupt({},
                      "has a model_config, and no weights: neither "
                      "model_weights nor layer_names are there");
      }
      layers.emplace();
      for (const Hdf5Node& child : holder.children) {
        if (child.name != kTopLevel) layers->push_back(child.name);
      }
      std::ranges::sort(*layers, NaturalLess);
    }
    owners_.ordered = true;
    for (const std::string& name : *layers) ListLayer(holder, name, told);
    if (holder.Child(kTopLevel) != nullptr) {
      ListLayer(holder, std::string(kTopLevel), told);
    }
    ListLayers(told, *layers);
    if (const Hdf5Node* group = root.Child("optimizer_weights")) {
      ListH5Optimizer(*group, "optimizer_weights", ReadOptimizer(root),
                      version_, owners_, layout_);
    }
  }

 private:
  // nullptr where the config is absent, or that of a subclassed model.
  std::unique_ptr<KerasModel> ReadModel(const std::string& config) {
    if (config.empty()) return nullptr;
    try {
      std::unique_ptr<KerasModel> model = ReadKerasModel(
          ParseJson(config, "model_config"),
          version_.empty() ? std::nullopt : std::optional(version_));
      return model->root->known ? std::move(model) : nullptr;
    } catch (const ParseError& error) {
      // The weights can be listed without it.
      layout_->issues.push_back(
          {"unreadable-checkpoint", "model_config",
           "the model is not understood: " + error.error().where + ": " +
               error.error().what});
      return nullptr;
    }
  }

  static KerasOptimizer ReadOptimizer(const Hdf5Node& root) {
    std::string config = root.Text("training_config");
    if (config.empty()) return {};
    Json json = ParseJson(config, "training_config");
    return ReadKerasOptimizer(Member(json, "optimizer_config"));
  }

  void ListLayer(const Hdf5Node& holder, const std::string& name,
                 const Told& told) {
    const Hdf5Node* group = holder.At(name);
    if (group == nullptr || !group->is_group()) {
      layout_->issues.push_back({"truncated-data", prefix_ + name,
                                 "stands in layer_names, but there is no such "
                                 "group"});
      return;
    }
    std::vector<Variable> stored = Stored(*group, prefix_ + name);
    const KerasLayer* layer = told.Top(name);
    std::vector<const KerasVariable*> matched(stored.size(), nullptr);
    if (layer != nullptr) matched = told.Match(*layer, stored);
    for (size_t i = 0; i < stored.size(); ++i) {
      // Keras 3.0 writes "kernel": the layer alone tells whose.
      bool is_bare = KerasMajor(version_).value_or(1) >= 3 &&
                     stored[i].name.find('/') == std::string::npos;
      if (is_bare && matched[i] != nullptr) stored[i].name = matched[i]->path;
      if (name != kTopLevel) stored[i].layer = LayerOf(name, stored[i].name);
      Complete(matched[i], layer, told, &stored[i]);
      inner_[name].insert(stored[i].layer);
      layout_->variables.push_back(std::move(stored[i]));
    }
  }

  static std::vector<std::string> WeightNames(const Hdf5Node& group) {
    if (auto names = group.Names("weight_names")) return *names;
    std::vector<std::string> names;
    for (const Hdf5Node& child : group.children) {  // param_0, param_1, …
      if (child.is_dataset()) names.push_back(child.name);
    }
    std::ranges::sort(names, NaturalLess);
    return names;
  }

  std::vector<Variable> Stored(const Hdf5Node& group, const std::string& path) {
    std::vector<Variable> stored;
    for (const std::string& name : WeightNames(group)) {
      std::string key = path + "/" + name;
      const Hdf5Node* node = group.At(name);
      Variable variable;
      if (node != nullptr && node->is_dataset()) {
        variable = DatasetVariable(*node, key);
      } else {
        variable.key = key;
        if (node == nullptr) {
          layout_->issues.push_back({"truncated-data", key,
                                     "stands in weight_names, but there is no "
                                     "such data set"});
        }
      }
      variable.name = WithoutOutputIndex(name);
      if (name.starts_with("param_")) variable.name = path + "/" + name;
      stored.push_back(std::move(variable));
    }
    return stored;
  }

  // In a nested model (a group that none of its weights is named after), the
  // weight's own layer.
  static std::string LayerOf(const std::string& group,
                             const std::string& name) {
    std::vector<std::string_view> parts = Split(name, '/');
    parts.pop_back();
    bool is_own = parts.empty() || name.starts_with(group + "/") ||
                  name.find("/" + group + "/") != std::string::npos;
    if (is_own) return group;
    // "dense_1_1/kernel" of a model that was loaded and saved again.
    bool is_recount = parts[0].starts_with(group + "_");
    return is_recount ? group : std::string(parts[0]);
  }

  void Complete(const KerasVariable* variable, const KerasLayer* layer,
                const Told& told, Variable* stored) {
    bool is_statistic = IsStatisticName(stored->name);
    bool may_train = layer == nullptr || layer->trainable;
    if (variable != nullptr) {
      stored->trainable = variable->optimized;
      const KerasLayer* own = told.LayerOf(variable);
      if (own != nullptr) stored->layer = own->name;
    } else if (is_statistic || !may_train) {
      stored->trainable = false;
    } else if (told.model() != nullptr) {
      stored->trainable = true;
    }
    bool may_have_slots =
        variable != nullptr ? variable->trainable : !is_statistic;
    if (!may_have_slots) return;
    SlotOwner owner;
    owner.name = stored->name;
    owner.key = stored->key;
    owner.shape = stored->shape;
    owner.optimized = variable != nullptr ? variable->optimized : may_train;
    owners_.all.push_back(std::move(owner));
  }

  void ListLayers(const Told& told, const std::vector<std::string>& names) {
    if (told.model() != nullptr) {
      for (const Placement& place : told.objects()) {
        bool is_layer = place.object == place.layer;
        if (is_layer && !place.object->is_model()) {
          layout_->layers.push_back(
              {place.object->name, place.object->class_name});
        }
      }
      return;
    }
    for (const std::string& name : names) {
      std::set<std::string>& inner = inner_[name];
      if (inner.empty()) inner.insert(name);
      for (const std::string& layer : inner) {
        layout_->layers.push_back({layer, {}});
      }
    }
  }

  const Hdf5Tree& tree_;
  Layout* layout_;
  std::string prefix_;
  std::string version_;
  SlotOwners owners_;
  std::map<std::string, std::set<std::string>> inner_;  // by layer name
};

Layout Read(const Source& source, const ReadOptions&) {
  Hdf5Tree tree = ReadHdf5(source.file());
  if (KindOf(tree.root) != KerasHdf5::kLegacy) {
    throw ParseError(ForeignHdf5(tree.root));
  }
  Layout layout;
  layout.source.format = "keras-h5";
  layout.source.framework = "keras";
  layout.source.addressed_by = AddressedBy::kOrder;
  layout.issues = Hdf5Issues(tree);
  Reader(tree, &layout).Read();
  return layout;
}

}  // namespace

extern constexpr Format kKerasH5 = {
    .id = "keras-h5",
    .summary = "legacy Keras HDF5: whole models and weights, Keras 1 to 3",
    .extensions = "*.h5 *.hdf5 *.keras",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
