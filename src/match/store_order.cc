#include "match/store_order.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "match/store_alignment.h"

namespace ckptdiff {
namespace {

// Paths through the layers that are followed at a time, and the counters that
// all of them may take.
constexpr size_t kMostPaths = 64;
constexpr size_t kMostCounters = size_t{1} << 22;

bool HaveKnownShapes(const Layout& layout, const Positions& variables) {
  return std::all_of(variables.begin(), variables.end(), [&](uint32_t i) {
    return layout.variables[i].shape.Elements().has_value();
  });
}

// True where names ascend: a list that somebody sorted.
bool IsSorted(const Layout& layout, const Positions& variables) {
  return std::is_sorted(
      variables.begin(), variables.end(), [&](uint32_t x, uint32_t y) {
        return layout.variables[x].name < layout.variables[y].name;
      });
}

Positions Cut(const Positions& order, size_t begin, size_t end) {
  return {order.begin() + static_cast<ptrdiff_t>(begin),
          order.begin() + static_cast<ptrdiff_t>(end)};
}

// Reads a model from front to back as the layers of a store, in every way in
// which that can be done.
class Reading {
 public:
  Reading(const Store& store, const Layout& model, const Positions& order)
      : store_(store), model_(model), order_(order), sums_{0} {
    for (uint32_t i : order) {
      const Variable& variable = model.variables[i];
      sums_.push_back(sums_.back() + ShapeHash(variable.shape));
      parents_.push_back(LayerIn(variable.name));
    }
  }

  // A layer of the store -> where in the order it begins, if that is certain.
  using Found = std::map<std::pair<size_t, size_t>, size_t>;

  // Empty where there is no way, or there are too many to follow.
  Found Read() { return Certain(Walk()); }

  bool IsPossible() { return !Walk().empty(); }

 private:
  // Layers read so far, by class, and the ways here.
  struct Step {
    struct Way {
      size_t from;
      size_t of;  // the class whose next layer was read
    };
    size_t at = 0;
    std::vector<uint32_t> next;
    std::vector<Way> ways;
  };

  // By place: the layers read so far -> the step.
  using Open = std::map<size_t, std::map<std::vector<uint32_t>, size_t>>;

  // The steps that stand at the end.
  std::vector<size_t> Walk() {
    steps_ = {Step{.next = std::vector<uint32_t>(store_.size())}};
    Open open;
    open[0][steps_[0].next] = 0;
    std::vector<size_t> ends;
    while (!open.empty()) {
      const size_t at = open.begin()->first;
      const auto states = std::move(open.begin()->second);
      open.erase(open.begin());
      if (states.size() > kMostPaths ||
          steps_.size() * store_.size() > kMostCounters) {
        return {};
      }
      for (const auto& [next, id] : states) {
        if (at == order_.size()) {
          ends.push_back(id);
        } else {
          Follow(at, id, &open);
        }
      }
    }
    return ends;
  }

  bool Fits(const StoreLayer& layer, size_t at) const {
    const size_t end = at + layer.members.size();
    if (end > order_.size() || sums_[end] - sums_[at] != layer.shapes) {
      return false;
    }
    if (!layer.inner.empty()) {
      return Reading(layer.inner, model_, Cut(order_, at, end)).IsPossible();
    }
    // Names of one layer stay together; those without a layer tell nothing.
    if (!layer.is_list || layer.members.size() < 2) return true;
    return parents_[at] == parents_[end - 1] &&
           (end == order_.size() || parents_[at].empty() ||
            parents_[end] != parents_[at]);
  }

  void Follow(size_t at, size_t id, Open* open) {
    for (size_t of = 0; of < store_.size(); ++of) {
      const std::vector<uint32_t>& next = steps_[id].next;
      if (next[of] == store_[of].size()) continue;
      const StoreLayer& layer = store_[of][next[of]];
      if (!Fits(layer, at)) continue;
      std::vector<uint32_t> then = next;
      ++then[of];
      const size_t end = at + layer.members.size();
      auto [place, is_new] = (*open)[end].try_emplace(then, steps_.size());
      if (is_new) {
        steps_.push_back({.at = end, .next = std::move(then), .ways = {}});
      }
      steps_[place->second].ways.push_back({.from = id, .of = of});
    }
  }

  // What all ways to the end agree on.
  Found Certain(const std::vector<size_t>& ends) const {
    Found found;
    std::set<std::pair<size_t, size_t>> open_layers;
    std::map<size_t, std::pair<size_t, size_t>> at_place;
    std::set<size_t> open_places;
    std::vector<bool> seen(steps_.size());
    std::vector<size_t> todo = ends;
    for (size_t id : ends) seen[id] = true;
    while (!todo.empty()) {
      const Step& step = steps_[todo.back()];
      todo.pop_back();
      for (const auto& [from, of] : step.ways) {
        const std::pair layer(of, size_t{steps_[from].next[of]});
        const size_t at = steps_[from].at;
        if (found.try_emplace(layer, at).first->second != at) {
          open_layers.insert(layer);
        }
        if (at_place.try_emplace(at, layer).first->second != layer) {
          open_places.insert(at);
        }
        if (!seen[from]) todo.push_back(from);
        seen[from] = true;
      }
    }
    std::erase_if(found, [&](const auto& one) {
      return open_layers.contains(one.first) ||
             open_places.contains(one.second);
    });
    return found;
  }

  const Store& store_;
  const Layout& model_;
  const Positions order_;
  std::vector<uint64_t> sums_;  // of the hashes of all shapes before
  std::vector<std::string_view> parents_;
  std::vector<Step> steps_;
};

// A store against a model, whichever of them is the checkpoint; the store's
// variables are `actual`. A model within the model is read in its turn.
void Join(const Layout& stored, const Store& store, const Layout& model,
          const Positions& order, std::vector<LayerPair>* pairs) {
  for (const auto& [layer, at] : Reading(store, model, order).Read()) {
    const StoreLayer& from = store[layer.first][layer.second];
    Positions here = Cut(order, at, at + from.members.size());
    if (!from.inner.empty()) {
      Join(stored, from.inner, model, here, pairs);
      continue;
    }
    pairs->push_back(PairOfLayer(stored, from, model, std::move(here)));
  }
}

std::vector<LayerPair> JoinSides(const Layout& stored, const Positions& a,
                                 const Layout& model, const Positions& e) {
  if (IsSorted(model, e) || CountsLayers(model.variables[e.front()].name) ||
      !HaveKnownShapes(stored, a) || !HaveKnownShapes(model, e)) {
    return {};
  }
  Members members;
  for (uint32_t i : a) members.push_back({i, stored.variables[i].name});
  std::vector<LayerPair> pairs;
  const Store store = StoreOf(stored, members);
  if (a.size() == e.size()) Join(stored, store, model, e, &pairs);
  return pairs.empty() ? AlignClasses(stored, store, model, e) : pairs;
}

}  // namespace

std::vector<LayerPair> JoinStoreOrder(const Layout& actual,
                                      const Layout& expected,
                                      const Positions& a, const Positions& e) {
  if (a.empty() || e.empty()) return {};
  std::vector<LayerPair> pairs = JoinSides(actual, a, expected, e);
  if (!pairs.empty()) return pairs;
  pairs = JoinSides(expected, e, actual, a);
  for (LayerPair& pair : pairs) std::swap(pair.actual, pair.expected);
  return pairs;
}

void KeepWithin(const std::vector<LayerPair>& layers, Problem* problem) {
  if (layers.empty()) return;
  // By position in the layout; 0: of no layer that is known.
  std::vector<uint32_t> of_actual(problem->actual.layout->variables.size());
  std::vector<uint32_t> of_expected(problem->expected.layout->variables.size());
  for (uint32_t i = 0; i < layers.size(); ++i) {
    for (uint32_t a : layers[i].actual) of_actual[a] = i + 1;
    for (uint32_t e : layers[i].expected) of_expected[e] = i + 1;
  }
  std::erase_if(problem->candidates, [&](const Proposal& one) {
    return of_actual[problem->actual.variables[one.actual]] !=
           of_expected[problem->expected.variables[one.expected]];
  });
  Index(problem);
}

}  // namespace ckptdiff
