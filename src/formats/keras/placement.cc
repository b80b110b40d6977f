// A model's layers are the container `layers`; elements of a container are
// called by their class in snake case, and `_1`, `_2`, … where the class comes
// again. How that is counted changed twice:
//
//   tf-keras 2.12, 2.13   each layer with weights is met twice, and the second
//                         time burns a number: dense, dense_2, dense_4
//   tf-keras from 2.14    an object that was met before is not counted
//   Keras 3               every element is counted

#include "formats/keras/placement.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "formats/keras/paths.h"
#include "formats/keras/variable_names.h"

namespace ckptdiff {
namespace {

enum class Counting { kTwice, kNew, kAll };

Counting CountingOf(const KerasModel& model, std::string_view version) {
  if (model.dialect == KerasDialect::kKeras3) return Counting::kAll;
  bool is_twice = version.starts_with("2.12.") || version.starts_with("2.13.");
  return is_twice ? Counting::kTwice : Counting::kNew;
}

class Placer {
 public:
  Placer(const KerasModel& model, Counting counting)
      : model_(model), counting_(counting) {}

  void Place(const Placement& place) {
    if (!placed_.insert(place.object).second) return;
    places_.push_back(place);
    std::map<std::pair<std::string, std::string>, int> counts;
    for (const KerasChild& child : place.object->children) {
      std::string path = JoinScope(place.path, child.attribute);
      bool is_element = child.in_list || (place.object->is_model() &&
                                          child.attribute == "layers");
      if (is_element) {
        std::string name = SnakeCase(child.layer->class_name);
        int& count = counts[{child.attribute, name}];
        path = JoinScope(path,
                         count == 0 ? name : fmt::format("{}_{}", name, count));
        count += Step(*child.layer);
      }
      bool is_layer = place.object->is_model();
      Place({path, child.layer, is_layer ? child.layer : place.layer,
             Scope(place, *child.layer)});
    }
  }

  std::vector<Placement> Take() { return std::move(places_); }

 private:
  int Step(const KerasLayer& layer) const {
    if (counting_ == Counting::kNew) return placed_.contains(&layer) ? 0 : 1;
    if (counting_ == Counting::kAll) return 1;
    return Weights(model_, layer).empty() ? 1 : 2;
  }

  // Only a guess, for objects whose variables the config does not tell.
  // Keras 2 names nothing after the models around it, nor does Keras 3 after a
  // functional one.
  std::string Scope(const Placement& parent, const KerasLayer& child) const {
    bool adds = !parent.object->is_model() ||
                (model_.dialect == KerasDialect::kKeras3 &&
                 parent.object->kind == KerasLayer::Kind::kSequential);
    return adds ? JoinScope(parent.scope, child.name) : child.name;
  }

  const KerasModel& model_;
  Counting counting_;
  std::set<const KerasLayer*> placed_;
  std::vector<Placement> places_;
};

}  // namespace

std::vector<Placement> PlaceObjects(const KerasModel& model,
                                    std::string_view keras_version) {
  Placer placer(model, CountingOf(model, keras_version));
  placer.Place({"", model.root, nullptr, model.root->name});
  return placer.Take();
}

std::map<const KerasVariable*, std::string> StoreKeys(const KerasModel& model) {
  std::map<const KerasVariable*, std::string> keys;
  for (const Placement& place : PlaceObjects(model, model.keras_version)) {
    size_t number = 0;
    for (const KerasVariable* variable : place.object->variables) {
      if (!variable->stored) continue;
      keys.emplace(variable,
                   JoinScope(place.path, fmt::format("vars/{}", number++)));
    }
  }
  return keys;
}

}  // namespace ckptdiff
