#include "match/comparison.h"

namespace ckptdiff {
namespace {

const Ambiguity* Find(const std::unordered_map<size_t, size_t>& index,
                      const std::vector<Ambiguity>& sets, size_t i) {
  auto found = index.find(i);
  return found == index.end() ? nullptr : &sets[found->second];
}

}  // namespace

Comparison::Index::Index(const Layout& layout) {
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role == Role::kSlot) continue;
    if (!variable.key.empty()) by_key.emplace(variable.key, i);
    for (const std::string& key : variable.keys) by_key.emplace(key, i);
    auto [at, is_new] = by_name.emplace(variable.name, i);
    if (!is_new) at->second = kNone;  // the name repeats: it settles nothing
  }
}

size_t Comparison::Index::Owner(const Variable& slot) const {
  if (!slot.slot || !slot.slot->owner) return kNone;
  if (!slot.slot->owner_key.empty()) {
    auto found = by_key.find(slot.slot->owner_key);
    if (found != by_key.end()) return found->second;
  }
  auto found = by_name.find(*slot.slot->owner);
  return found == by_name.end() ? kNone : found->second;
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
      actual_index_(actual),
      expected_index_(expected) {
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

size_t Comparison::OwnerInActual(const Variable& slot) const {
  return actual_index_.Owner(slot);
}

size_t Comparison::OwnerInExpected(const Variable& slot) const {
  return expected_index_.Owner(slot);
}

}  // namespace ckptdiff
