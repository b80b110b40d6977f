#include "match/comparison.h"

#include <algorithm>

#include "base/unique_names.h"

namespace ckptdiff {
namespace {

const Ambiguity* Find(const std::unordered_map<size_t, size_t>& index,
                      const std::vector<Ambiguity>& sets, size_t i) {
  auto found = index.find(i);
  return found == index.end() ? nullptr : &sets[found->second];
}

// Identity → position; names only where they are unique.
class OwnerIndex {
 public:
  explicit OwnerIndex(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      if (variable.role == Role::kSlot) continue;
      if (!variable.key.empty()) by_key_.emplace(variable.key, i);
      for (const std::string& key : variable.keys) by_key_.emplace(key, i);
      names_.Add(variable.name, i);
    }
  }

  size_t Owner(const Slot& slot) const {
    if (!slot.owner_key.empty()) {
      auto found = by_key_.find(slot.owner_key);
      if (found != by_key_.end()) return found->second;
    }
    return names_.Find(*slot.owner);
  }

 private:
  std::unordered_map<std::string_view, size_t> by_key_;
  UniqueNames names_;
};

std::vector<size_t> Owners(const Layout& layout) {
  std::vector<size_t> owners(layout.variables.size(), Comparison::kNone);
  auto has_owner = [](const Variable& variable) {
    return variable.slot && variable.slot->owner;
  };
  if (std::none_of(layout.variables.begin(), layout.variables.end(),
                   has_owner)) {
    return owners;
  }
  const OwnerIndex index(layout);
  for (size_t i = 0; i < owners.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (has_owner(variable)) owners[i] = index.Owner(*variable.slot);
  }
  return owners;
}

std::string_view Parent(std::string_view name) {
  size_t last = name.find_last_of("/.");
  return last == std::string_view::npos ? std::string_view()
                                        : name.substr(0, last);
}

}  // namespace

LayerIndex::LayerIndex(const Layout& layout)
    : of_variable_(layout.variables.size(), kNone) {
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (!IsWeight(variable)) continue;
    // TF1 puts the average of fc/kernel below it: no layer is made of that.
    bool follows = variable.role == Role::kAverage && variable.slot &&
                   variable.slot->owner && variable.layer.empty();
    if (follows) continue;
    std::string_view name =
        variable.layer.empty() ? Parent(variable.name) : variable.layer;
    if (name.empty()) continue;
    of_variable_[i] = Intern(name);
    entries_[of_variable_[i]].variables.push_back(i);
  }
  for (const Layer& layer : layout.layers) {
    entries_[Intern(layer.name)].declared = &layer;
  }
}

size_t LayerIndex::Intern(std::string_view name) {
  auto [at, is_new] = by_name_.emplace(name, entries_.size());
  if (is_new) entries_.push_back({.name = name});
  return at->second;
}

size_t LayerIndex::Find(std::string_view name) const {
  auto found = by_name_.find(name);
  return found == by_name_.end() ? kNone : found->second;
}

Comparison::Comparison(const Layout& actual, const Layout& expected,
                       const Pairing& pairing, bool is_diff)
    : actual_(&actual),
      expected_(&expected),
      pairing_(&pairing),
      is_diff_(is_diff),
      of_actual_(actual.variables.size(), kNone),
      of_expected_(expected.variables.size(), kNone),
      pair_of_expected_(expected.variables.size(), kNone),
      actual_placed_(actual.variables.size()),
      expected_placed_(expected.variables.size()),
      owner_of_actual_(Owners(actual)),
      owner_of_expected_(Owners(expected)),
      actual_layers_(actual),
      expected_layers_(expected) {
  for (size_t i = 0; i < pairing.pairs.size(); ++i) {
    const Pair& pair = pairing.pairs[i];
    of_actual_[pair.actual] = pair.expected;
    of_expected_[pair.expected] = pair.actual;
    pair_of_expected_[pair.expected] = i;
    actual_placed_[pair.actual] = true;
    expected_placed_[pair.expected] = true;
  }
  for (const Group& group : pairing.groups) {
    for (size_t i : group.actual) actual_placed_[i] = true;
    for (size_t i : group.expected) expected_placed_[i] = true;
  }
  for (size_t i = 0; i < pairing.ambiguous.size(); ++i) {
    for (size_t a : pairing.ambiguous[i].actual) {
      ambiguity_of_actual_.emplace(a, i);
    }
    for (size_t e : pairing.ambiguous[i].expected) {
      ambiguity_of_expected_.emplace(e, i);
    }
  }
}

const Pair* Comparison::PairOfExpected(size_t i) const {
  size_t at = pair_of_expected_[i];
  return at == kNone ? nullptr : &pairing_->pairs[at];
}

const Ambiguity* Comparison::AmbiguityOfActual(size_t i) const {
  return Find(ambiguity_of_actual_, pairing_->ambiguous, i);
}

const Ambiguity* Comparison::AmbiguityOfExpected(size_t i) const {
  return Find(ambiguity_of_expected_, pairing_->ambiguous, i);
}

}  // namespace ckptdiff
