#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

struct Place {
  size_t actual = 0;
  size_t expected = 0;
};

// Layers of equal names, in the order of the model, by their class: a store
// that counts layers by class keeps no order among classes.
std::map<std::string_view, std::vector<Place>> CommonLayers(
    const Comparison& comparison) {
  std::unordered_map<std::string_view, std::string_view> classes;
  for (const Layer& layer : comparison.expected().layers) {
    classes.emplace(layer.name, layer.class_name);
  }
  std::map<std::string_view, std::vector<Place>> places;
  const auto& layers = comparison.expected_layers().entries();
  for (size_t e = 0; e < layers.size(); ++e) {
    if (layers[e].variables.empty()) continue;
    size_t a = comparison.actual_layers().Find(layers[e].name);
    if (a == LayerIndex::kNone) continue;
    if (comparison.actual_layers().entries()[a].variables.empty()) continue;
    places[classes[layers[e].name]].push_back({a, e});
  }
  return places;
}

// Marks the longest run of layers that keep their order (patience sorting);
// all others would have to move.
std::vector<bool> KeepsOrder(const std::vector<Place>& places) {
  std::vector<size_t> tails, before(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    auto at = std::lower_bound(tails.begin(), tails.end(), i,
                               [&](size_t x, size_t y) {
                                 return places[x].actual < places[y].actual;
                               });
    before[i] = at == tails.begin() ? places.size() : *(at - 1);
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<bool> keeps(places.size());
  for (size_t i = tails.empty() ? places.size() : tails.back();
       i < places.size(); i = before[i]) {
    keeps[i] = true;
  }
  return keeps;
}

Finding Moved(const Comparison& comparison, const Place& place) {
  std::string_view name =
      comparison.expected_layers().entries()[place.expected].name;
  Finding finding;
  finding.actual = SideNamed(name);
  finding.actual->layer = name;
  finding.expected = finding.actual;
  finding.message = fmt::format(
      "layer {} stands at another place in the checkpoint than in the model",
      name);
  return finding;
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  if (comparison.actual().source.addressed_by != AddressedBy::kOrder ||
      comparison.expected().source.addressed_by != AddressedBy::kOrder) {
    return findings;
  }
  for (const auto& [class_name, places] : CommonLayers(comparison)) {
    const std::vector<bool> keeps = KeepsOrder(places);
    for (size_t i = 0; i < places.size(); ++i) {
      if (!keeps[i]) findings.push_back(Moved(comparison, places[i]));
    }
  }
  return findings;
}

}  // namespace

extern const Rule kLayerOrder = {
    .info = {.id = "layer-order",
             .subject = "layers",
             .severity = Severity::kWarning,
             .summary = "a loader that goes by order would meet the layers in "
                        "another order",
             .help = "Fires where both sides are loaded by order (Keras .h5) "
                     "and layers of equal names stand in another order in the "
                     "checkpoint than in the model: the loader takes the n-th "
                     "for the n-th, whatever they are called. The fewest layers"
                     " that would have to move are named. Silent for loaders "
                     "that go by name or key.",
             .remedy = "load by name (by_name=True), or build the layers in the"
                       " order of the checkpoint"},
    .check = Check,
};

}  // namespace ckptdiff
