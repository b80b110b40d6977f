#include "formats/keras/store_layout.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/name_parts.h"
#include "base/text.h"
#include "formats/keras/hdf5.h"
#include "formats/keras/paths.h"
#include "formats/keras/placement.h"
#include "formats/keras/store_owners.h"
#include "formats/keras/variable_names.h"

namespace ckptdiff {
namespace {

std::string_view Parent(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

bool IsBelow(std::string_view path, std::string_view above) {
  return above.empty()
             ? !path.empty()
             : path.size() > above.size() && path.starts_with(above) &&
                   path[above.size()] == '/';
}

// State of random numbers and of metrics: no part of what the model computes.
bool IsBookkeeping(std::string_view path) {
  if (path == "metrics" || path.starts_with("metrics/")) return true;
  return LastPart(path, "/").starts_with("seed_generator") ||
         LastPart(path, "/") == "_random_generator";
}

bool IsWholeNumber(std::string_view dtype) {
  return dtype.starts_with("int") || dtype.starts_with("uint") ||
         dtype == "bool";
}

std::vector<NumberedVariable> Numbered(const StoreGroup& group) {
  std::vector<NumberedVariable> numbered;
  for (const StoredVariable& one : group.variables) {
    numbered.push_back({one.variable.shape, one.variable.dtype});
  }
  return numbered;
}

// Which of the variables that the config gives an object each stored one is, by
// its number. Some may be gone, some may have other dimensions; where their
// ranks differ too, it is another object: nullopt.
std::optional<std::vector<const KerasVariable*>> PositionsIn(
    const std::vector<const KerasVariable*>& told, const StoreGroup& group) {
  std::vector<const KerasVariable*> positions;
  for (const StoredVariable& stored : group.variables) {
    std::optional<uint64_t> number = NumberOf(stored);
    if (!number || *number >= told.size()) return std::nullopt;
    const KerasVariable* own = told[*number];
    const Shape& shape = stored.variable.shape;
    bool may_be =
        own->shape.Agrees(shape) || own->shape.dims.size() == shape.dims.size();
    if (!may_be) return std::nullopt;
    positions.push_back(own);
  }
  return positions;
}

class Lister {
 public:
  Lister(const KerasStore& store, const StoreContext& context, Layout* layout)
      : store_(store),
        context_(context),
        layout_(layout),
        owners_(context.model != nullptr) {}

  SlotOwners List() {
    if (context_.model != nullptr) ListModel();
    bool all_placed = true;
    for (const auto* entry : Unplaced()) {
      ListUnplaced(entry->first, entry->second);
      all_placed &= IsBookkeeping(entry->first);
    }
    return owners_.Take(*layout_, all_placed);
  }

 private:
  void ListModel() {
    std::vector<Placement> places =
        PlaceObjects(*context_.model, context_.version);
    std::set<std::string_view> placed;
    for (const Placement& place : places) placed.insert(place.path);
    for (const Placement& place : places) {
      bool is_layer = place.layer == place.object && !place.object->is_model();
      if (is_layer) AddLayer(place);
      auto found = store_.find(place.path);
      if (found != store_.end()) {
        ListPlaced(place, found->second);
      } else {
        for (const KerasVariable* one : place.object->variables) {
          if (one->stored) owners_.AddAbsent(place.path, *one);
        }
      }
      if (!place.object->known) ListInside(place, placed);
    }
  }

  // What no config places, in the order in which it was written: that of the
  // model, where the file tells where the bytes lie.
  std::vector<const KerasStore::value_type*> Unplaced() const {
    std::vector<const KerasStore::value_type*> entries;
    bool all_lie = true;
    for (const auto& entry : store_) {
      if (done_.contains(entry.first) || IsOptimizerPath(entry.first)) continue;
      if (entry.second.variables.empty()) continue;
      all_lie &= entry.second.variables[0].variable.data.has_value();
      entries.push_back(&entry);
    }
    if (!all_lie) return entries;
    std::ranges::stable_sort(entries, {}, [](const auto* entry) {
      const ByteRange& data = *entry->second.variables[0].variable.data;
      return std::pair(std::string_view(data.file), data.offset);
    });
    return entries;
  }

  void AddLayer(const Placement& place) {
    layout_->layers.push_back({place.object->name, place.object->class_name});
  }

  void ListPlaced(const Placement& place, const StoreGroup& group) {
    done_.insert(place.path);
    const KerasLayer& object = *place.object;
    bool is_other = place.layer == &object && !group.label.empty() &&
                    group.label != object.name;
    std::string layer = place.layer == nullptr ? "" : place.layer->name;
    std::vector<const KerasVariable*> told = ToldOf(object, group);
    auto positions = PositionsIn(told, group);
    if (is_other || !object.known || !positions) {
      std::string scope = place.scope;
      if (is_other) scope = JoinScope(Parent(scope), layer = group.label);
      ListGuessed(place.path, group, scope, layer, object.trainable);
      return;
    }
    size_t next = 0;
    for (const KerasVariable* one : told) {
      if (next == positions->size() || (*positions)[next] != one) {
        owners_.AddAbsent(place.path, *one);
        continue;
      }
      Variable variable = group.variables[next++].variable;
      const KerasVariable& own = *one;
      auto [first, is_new] = listed_.emplace(&own, layout_->variables.size());
      if (!is_new) {  // two objects hold it: stored twice
        AddKey(variable.key, &layout_->variables[first->second]);
        continue;
      }
      variable.name = own.path;
      variable.trainable = own.optimized;
      variable.layer = layer;
      bool is_told = own.shape.Elements().has_value();
      if (own.trainable) {
        owners_.Add(place.path, variable, is_told ? own.shape : variable.shape,
                    own.optimized);
      }
      Add(std::move(variable));
    }
    // Adapters train; saving adds them to the kernel.
    for (const KerasVariable* one : object.variables) {
      if (!one->stored) owners_.AddAbsent(place.path, *one);
    }
  }

  static void AddKey(const std::string& key, Variable* variable) {
    if (variable->keys.empty()) variable->keys.push_back(variable->key);
    variable->keys.push_back(key);
  }

  // The variables of an object in the order of its group.
  static std::vector<const KerasVariable*> ToldOf(const KerasLayer& object,
                                                  const StoreGroup& group) {
    std::vector<const KerasVariable*> told;
    for (const KerasVariable* variable : object.variables) {
      if (variable->stored) told.push_back(variable);
    }
    // It stores the kernel of the layer that it wraps as its own, too.
    bool has_copy = object.class_name == "SpectralNormalization" &&
                    told.size() + 1 == group.variables.size() &&
                    !object.children.empty() &&
                    !object.children[0].layer->variables.empty();
    if (has_copy) {
      told.insert(told.begin(), object.children[0].layer->variables[0]);
    }
    return told;
  }

  // What a layer that is not built in holds: its groups, in the file's order.
  void ListInside(const Placement& place,
                  const std::set<std::string_view>& placed) {
    for (auto at = store_.upper_bound(place.path); at != store_.end(); ++at) {
      if (!IsBelow(at->first, place.path)) {
        if (at->first.starts_with(place.path)) continue;
        break;
      }
      if (placed.contains(at->first)) continue;
      done_.insert(at->first);
      owners_.SetUnordered(at->first, place.path);
      std::string scope = Labels(at->first, place.path, place.scope);
      ListGuessed(at->first, at->second, scope, place.layer->name,
                  place.layer->trainable);
    }
  }

  void ListUnplaced(const std::string& path, const StoreGroup& group) {
    std::string scope;
    if (context_.dialect == SlotDialect::kKeras3) {
      auto root = store_.find("");
      bool is_functional = store_.contains("layers/input_layer");
      if (root != store_.end() && !is_functional) scope = root->second.label;
      scope = Labels(path, "", scope);
    }
    if (group.label.empty()) scope.clear();
    ListGuessed(path, group, scope, LayerOf(path), true);
  }

  // Appends the names of the objects on the way from `above` to `path`. A
  // nested functional model was built by itself: names begin anew there.
  std::string Labels(const std::string& path, std::string_view above,
                     std::string scope) const {
    size_t at = above.empty() ? 0 : above.size() + 1;
    while (at < path.size()) {
      size_t end = std::min(path.find('/', at), path.size());
      std::string prefix = path.substr(0, end);
      auto found = store_.find(prefix);
      bool has_label = found != store_.end() && !found->second.label.empty();
      if (has_label) {
        scope = JoinScope(scope, found->second.label);
      } else if (!above.empty() && context_.dialect == SlotDialect::kKeras3) {
        // Before 3.6 nothing is labelled; the attribute is the best there is.
        scope = JoinScope(scope, prefix.substr(at));
      }
      if (store_.contains(prefix + "/layers/input_layer")) {
        if (end < path.size()) scope.clear();
      }
      at = end + 1;
    }
    return scope;
  }

  // The outermost object inside the innermost model.
  std::string LayerOf(const std::string& path) const {
    size_t inner = path.rfind("layers/");
    bool is_inside =
        inner != path.npos && (inner == 0 || path[inner - 1] == '/');
    size_t end = path.find('/', is_inside ? inner + 7 : 0);
    while (end != path.npos && !store_.contains(path.substr(0, end))) {
      end = path.find('/', end + 1);
    }
    std::string layer = path.substr(0, end);
    if (layer.empty()) return {};
    auto found = store_.find(layer);
    bool has_label = found != store_.end() && !found->second.label.empty();
    return has_label ? found->second.label : layer;
  }

  // `scope` empty: names are not told, the keys have to do.
  void ListGuessed(const std::string& path, const StoreGroup& group,
                   const std::string& scope, const std::string& layer,
                   bool may_train) {
    std::vector<std::string> names =
        VariableNames(LastPart(path, "/"), Numbered(group),
                      context_.dialect == SlotDialect::kKeras3);
    const StoredVariable* copy = SpectralCopy(std::string(Parent(path)));
    for (size_t i = 0; i < group.variables.size(); ++i) {
      if (i == 0 && SpectralCopy(path) != nullptr) continue;
      Variable variable = group.variables[i].variable;
      if (i == 0 && copy != nullptr && path.ends_with("/layer")) {
        AddKey(copy->variable.key, &variable);
      }
      std::string leaf = i < names.size() ? names[i] : "";
      bool is_fixed = IsStatistic(leaf) || IsWholeNumber(variable.dtype) ||
                      IsQuantization(group, leaf);
      if (is_fixed || !may_train) {
        variable.trainable = false;
      } else if (context_.model != nullptr) {
        variable.trainable = true;
      }
      if (leaf.empty()) leaf = "vars/" + group.variables[i].leaf;
      variable.name = scope.empty() ? variable.key : JoinScope(scope, leaf);
      variable.layer = layer;
      if (IsBookkeeping(path)) {
        variable.role = Role::kBookkeeping;
        variable.trainable.reset();
        variable.layer.clear();
      }
      if (!is_fixed && variable.role == Role::kWeight) {
        owners_.Add(path, variable, variable.shape, may_train);
      }
      Add(std::move(variable));
    }
  }

  // A SpectralNormalization shows in its shapes: the kernel of the layer
  // inside, stored a second time, and a row as wide. nullptr: it is none.
  const StoredVariable* SpectralCopy(const std::string& path) const {
    auto outer = store_.find(path), inner = store_.find(path + "/layer");
    if (outer == store_.end() || inner == store_.end()) return nullptr;
    const auto& own = outer->second.variables;
    const auto& of_layer = inner->second.variables;
    if (own.size() != 2 || of_layer.empty()) return nullptr;
    const Shape& kernel = own[0].variable.shape;
    bool is_one = kernel == of_layer[0].variable.shape &&
                  !kernel.dims.empty() &&
                  own[1].variable.shape == Shape::Of({1, kernel.dims.back()});
    return is_one ? &own[0] : nullptr;
  }

  // Of int8 and int4 kernels. The scales of float8 are trained.
  static bool IsQuantization(const StoreGroup& group, const std::string& leaf) {
    return IsWholeNumber(group.variables[0].variable.dtype) &&
           (leaf.ends_with("_scale") || leaf.ends_with("_zero") ||
            leaf == "g_idx");
  }

  void Add(Variable variable) {
    if (!variable.layer.empty() && context_.model == nullptr &&
        layer_names_.insert(variable.layer).second) {
      layout_->layers.push_back({variable.layer, {}});
    }
    layout_->variables.push_back(std::move(variable));
  }

  const KerasStore& store_;
  const StoreContext& context_;
  Layout* layout_;
  StoreOwners owners_;
  std::set<std::string> done_;
  std::map<const KerasVariable*, size_t> listed_;  // positions in the layout
  std::set<std::string> layer_names_;
};

}  // namespace

bool IsOptimizerPath(std::string_view path) {
  return path == "optimizer" || path.starts_with("optimizer/");
}

SlotOwners ListStoreWeights(const KerasStore& store,
                            const StoreContext& context, Layout* layout) {
  return Lister(store, context, layout).List();
}

}  // namespace ckptdiff
