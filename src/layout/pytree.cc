// (Over 300 lines: roles depend on each other, a slot on its owner, an
// optimizer on all its slots; one pass settles them.)

#include "layout/pytree.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "layout/optax.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

// Deeper wrappers than this around an optimizer are none that people write.
constexpr size_t kMaxWrappers = 12;
constexpr size_t kMaxRootDepth = 3;

std::string Join(const TreePath& path, size_t from, size_t to) {
  std::string joined;
  for (size_t i = from; i < to; ++i) {
    if (i > from) joined += '/';
    joined += path[i];
  }
  return joined;
}

// A state whose owner is looked for: the words in front, the parameter behind.
struct Place {
  size_t container = 0;  // position of "opt_state" in the path
  size_t word = 0;       // position of "mu"
  size_t rest = 0;       // the parameter's path is [rest, rest_end)
  size_t rest_end = 0;   // SM3: an axis of the parameter comes behind
  std::optional<size_t> owner;
};

class Describer {
 public:
  Describer(const std::vector<TreePath>& paths,
            const std::vector<bool>& is_python, Layout* layout)
      : paths_(paths), is_python_(is_python), layout_(layout) {}

  void Describe();

 private:
  struct Group {
    std::vector<size_t> slots;
    std::set<std::string> words;
    // Where moments and counters stand: Adam's are side by side.
    std::set<std::string> moments, counts;
    bool HasCount() const {
      return std::any_of(
          moments.begin(), moments.end(),
          [this](const std::string& at) { return counts.contains(at); });
    }
  };

  void StripValues();
  void FindWeights();
  void Index(size_t weight);
  void DescribeAverage(size_t at, size_t root);
  void DescribeState(size_t at, size_t container);
  Place FindPlace(size_t at, size_t container) const;
  std::optional<size_t> Owner(size_t at, const std::string& rest,
                              size_t root) const;
  std::string GroupOf(size_t at, const Place& place) const;
  void NameOptimizers();
  void SetSlot(size_t at, const std::string& raw, std::optional<size_t> owner);

  const std::vector<TreePath>& paths_;
  const std::vector<bool>& is_python_;
  Layout* layout_;
  std::vector<size_t> ends_;  // of the paths, without `value`
  std::vector<std::pair<size_t, size_t>> states_;  // leaf, container
  std::vector<std::pair<size_t, size_t>> averages_;
  // Path below a root of parameters → weights.
  std::unordered_map<std::string, std::vector<size_t>> weights_;
  std::map<std::string, Group> groups_;
  std::vector<std::string> group_order_;
};

void Describer::StripValues() {
  bool all = !paths_.empty();
  for (const TreePath& path : paths_) {
    all = all && path.size() > 1 && path.back() == "value";
  }
  for (size_t i = 0; i < paths_.size(); ++i) {
    ends_.push_back(paths_[i].size() - (all ? 1 : 0));
    layout_->variables[i].name = Join(paths_[i], 0, ends_[i]);
  }
}

void Describer::Index(size_t weight) {
  const TreePath& path = paths_[weight];
  size_t end = ends_[weight];
  for (size_t i = 0; i + 1 < end; ++i) {
    if (!IsParamsRoot(path[i])) continue;
    weights_[Join(path, i + 1, end)].push_back(weight);
    return;
  }
  for (size_t i = 0; i < std::min(end, kMaxRootDepth); ++i) {
    weights_[Join(path, i, end)].push_back(weight);
  }
}

void Describer::FindWeights() {
  for (size_t i = 0; i < paths_.size(); ++i) {
    const TreePath& path = paths_[i];
    Variable& variable = layout_->variables[i];
    std::optional<size_t> container, average;
    for (size_t k = 0; k + 1 < ends_[i] && !container && !average; ++k) {
      if (IsOptimizerContainer(path, k)) container = k;
      if (IsAverageRoot(path[k])) average = k;
      if (path[k] == "batch_stats") variable.trainable = false;
      if (IsParamsRoot(path[k])) break;  // a module may be called anything
    }
    const std::string& last = path[ends_[i] - 1];
    bool is_scalar = variable.shape.known && variable.shape.dims.empty();
    if (container) {
      states_.emplace_back(i, *container);
    } else if (IsStepName(last) && is_scalar && ends_[i] <= kMaxRootDepth) {
      variable.role = Role::kStep;
    } else if (is_python_[i]) {
      variable.role = Role::kBookkeeping;
    } else if (average) {
      averages_.emplace_back(i, *average);
    } else {
      Index(i);
    }
  }
}

// Of the weights that have this path below their root, the one that belongs to
// the optimizer or average at path[root]: the only one, or the one whose root
// is qualified alike ("g_params" for "g_opt_state"), or that of plain "params".
std::optional<size_t> Describer::Owner(size_t at, const std::string& rest,
                                       size_t root) const {
  auto found = weights_.find(rest);
  if (found == weights_.end()) return std::nullopt;
  const std::vector<size_t>& candidates = found->second;
  const TreePath& path = paths_[at];
  if (candidates.size() == 1) {
    const TreePath& other = paths_[candidates[0]];
    std::string mine = TreeQualifier(path[root]);
    std::string its = other.size() > root ? TreeQualifier(other[root]) : "";
    bool is_other = !mine.empty() && !its.empty() && mine != its &&
                    IsParamsRoot(other[root]);
    return is_other ? std::nullopt : std::optional(candidates[0]);
  }
  std::vector<size_t> best;
  for (bool same_prefix : {true, false}) {
    for (size_t candidate : candidates) {
      const TreePath& other = paths_[candidate];
      if (other.size() <= root) continue;
      bool is_beside = std::equal(
          path.begin(), path.begin() + static_cast<std::ptrdiff_t>(root),
          other.begin());
      if (same_prefix && !is_beside) continue;
      if (TreeQualifier(other[root]) != TreeQualifier(path[root])) continue;
      best.push_back(candidate);
    }
    if (best.size() == 1) return best[0];
    if (!best.empty()) return std::nullopt;
  }
  return std::nullopt;
}

void Describer::SetSlot(size_t at, const std::string& raw,
                        std::optional<size_t> owner) {
  Slot slot;
  slot.raw = raw;
  if (owner) {
    slot.owner = layout_->variables[*owner].name;
    slot.owner_key = layout_->variables[*owner].key;
  }
  layout_->variables[at].slot = std::move(slot);
}

void Describer::DescribeAverage(size_t at, size_t root) {
  std::string rest = Join(paths_[at], root + 1, ends_[at]);
  std::optional<size_t> owner = Owner(at, rest, root);
  if (!owner && root + 1 < ends_[at] && IsParamsRoot(paths_[at][root + 1])) {
    owner = Owner(at, Join(paths_[at], root + 2, ends_[at]), root);
  }
  if (!owner) return;  // the averages alone were saved: they are the weights
  layout_->variables[at].role = Role::kAverage;
  SetSlot(at, paths_[at][root], owner);
  layout_->variables[at].slot->slot = "average";
}

// The longest rest of the path that is a parameter's, and the word in front.
Place Describer::FindPlace(size_t at, size_t container) const {
  const TreePath& path = paths_[at];
  size_t end = ends_[at];
  Place place{.container = container};
  if (path[container] == "param_states" ||
      (container + 1 < end && path[container + 1] == "param_states")) {
    place.rest =
        path[container] == "param_states" ? container + 1 : container + 2;
    place.rest_end = place.word = end - 1;
    if (place.rest < place.rest_end) {
      place.owner =
          Owner(at, Join(path, place.rest, place.rest_end), container);
    }
    return place;
  }
  place.rest_end = end;
  size_t last = std::min(end, container + kMaxWrappers);
  for (size_t axes : {0U, 1U}) {
    bool is_number =
        path[end - 1].find_first_not_of("0123456789") == std::string::npos;
    if (axes == 1 && !is_number) break;
    place.rest_end = end - axes;
    for (size_t rest = container + 2; rest < last; ++rest) {
      place.owner = Owner(at, Join(path, rest, place.rest_end), container);
      if (!place.owner) continue;
      place.word = rest - 1;
      place.rest = rest;
      return place;
    }
  }
  place.rest_end = end;
  for (size_t word = container + 1; word + 1 < last; ++word) {
    if (!IsSlotWord(SlotDialect::kOptax, path[word])) continue;
    place.word = word;
    place.rest = word + 1;
    return place;
  }
  return place;
}

// Leaves of one group are one optimizer's: all below an opt_state, but for the
// labels of a multi_transform, which are optimizers of their own.
std::string Describer::GroupOf(size_t at, const Place& place) const {
  const TreePath& path = paths_[at];
  size_t end = place.container + 1;
  size_t word = place.word > 0 ? place.word : ends_[at] - 1;
  for (size_t i = place.container; i + 1 < word; ++i) {
    if (path[i] == "inner_states") end = i + 2;
  }
  return Join(path, 0, end);
}

void Describer::DescribeState(size_t at, size_t container) {
  const TreePath& path = paths_[at];
  Variable& variable = layout_->variables[at];
  Place place = FindPlace(at, container);
  bool is_slot =
      place.word > container && place.rest < place.rest_end &&
      !(variable.shape.known && variable.shape.dims.empty() && !place.owner);
  std::string group_name = GroupOf(at, place);
  auto [group, is_new] = groups_.try_emplace(group_name);
  if (is_new) group_order_.push_back(group_name);
  if (!is_slot) {
    variable.role = Role::kOptimizer;
    size_t last = ends_[at] - 1;
    if (path[last] == "count") group->second.counts.insert(Join(path, 0, last));
    if (path[last] == "ns_coeffs") group->second.words.insert(path[last]);
    return;
  }
  std::string raw = path[place.word];
  const bool has_axis = place.word < place.rest && place.rest_end < ends_[at];
  if (has_axis) raw += "/" + path[place.rest_end];
  SetSlot(at, raw, place.owner);
  if (place.owner &&
      IsAdafactorPlaceholder(variable, raw,
                             layout_->variables[*place.owner].shape)) {
    variable.role = Role::kBookkeeping;
    variable.slot.reset();
    group->second.words.insert(raw);
    return;
  }
  variable.role = Role::kSlot;
  group->second.slots.push_back(at);
  group->second.words.insert(raw);
  if (raw == "mu" || raw == "nu") {
    group->second.moments.insert(Join(path, 0, place.word));
  }
}

void Describer::NameOptimizers() {
  std::map<std::string, int> used;
  for (const std::string& name : group_order_) {
    Group& group = groups_[name];
    if (group.slots.empty()) continue;
    std::string family(OptaxFamily(group.words, group.HasCount()));
    Optimizer optimizer;
    optimizer.id = family.empty() ? "optimizer" : family;
    if (int count = ++used[optimizer.id]; count > 1) {
      optimizer.id += "#" + std::to_string(count);
    }
    for (size_t at : group.slots) {
      Variable& variable = layout_->variables[at];
      Slot& slot = *variable.slot;
      slot.slot = CanonicalOptaxSlot(family, slot.raw);
      if (slot.slot == "average") {
        variable.role = Role::kAverage;
        continue;
      }
      slot.optimizer = optimizer.id;
      auto& slots = optimizer.slots;
      if (std::find(slots.begin(), slots.end(), slot.slot) == slots.end()) {
        slots.push_back(slot.slot);
      }
    }
    if (optimizer.slots.empty()) {
      --used[family.empty() ? "optimizer" : family];
    } else {
      layout_->optimizers.push_back(std::move(optimizer));
    }
  }
}

void Describer::Describe() {
  StripValues();
  FindWeights();
  for (auto [at, root] : averages_) DescribeAverage(at, root);
  for (auto [at, container] : states_) DescribeState(at, container);
  NameOptimizers();
}

}  // namespace

std::string JoinTreePath(const TreePath& path) {
  return Join(path, 0, path.size());
}

void DescribeTree(const std::vector<TreePath>& paths,
                  const std::vector<bool>& is_python, Layout* layout) {
  Describer(paths, is_python, layout).Describe();
}

std::vector<size_t> StepVariables(const std::vector<TreePath>& paths,
                                  const Layout& layout) {
  std::vector<size_t> own, updates, counts;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role == Role::kStep) own.push_back(i);
    if (variable.role != Role::kOptimizer) continue;
    const TreePath& path = paths[i];
    size_t last = path.size() - (path.back() == "value" ? 2 : 1);
    if (path[last] == "gradient_step") updates.push_back(i);
    if (path[last] == "count" || IsStepName(path[last])) counts.push_back(i);
  }
  if (!own.empty()) return own;
  return updates.empty() ? counts : updates;
}

std::optional<int64_t> OneStep(
    const std::vector<std::optional<int64_t>>& values) {
  bool agree = std::adjacent_find(values.begin(), values.end(),
                                  std::not_equal_to<>()) == values.end();
  return agree && !values.empty() ? values[0] : std::nullopt;
}

}  // namespace ckptdiff
