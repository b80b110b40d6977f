#include "rules/renames.h"

#include <string>

namespace ckptdiff {
namespace {

bool BothAddressedBy(const Comparison& comparison, AddressedBy by) {
  return comparison.actual().source.addressed_by == by &&
         comparison.expected().source.addressed_by == by;
}

// "d_w1/Adam" and "train/d_w1/Adam" of d_w1, as TF1 has them.
bool SlotsStandBesideOwners(const Layout& layout) {
  for (const Variable& slot : layout.variables) {
    if (slot.role != Role::kSlot || !slot.slot || !slot.slot->owner) continue;
    return slot.name.find(*slot.slot->owner + "/") != std::string::npos;
  }
  return false;
}

bool IsLabel(const Variable& slot) { return slot.name == SlotLabel(slot); }

}  // namespace

Renames::Renames(const Comparison& comparison)
    : comparison_(&comparison),
      by_name_(BothAddressedBy(comparison, AddressedBy::kName)),
      by_key_(BothAddressedBy(comparison, AddressedBy::kKey)),
      optimizer_variables_are_named_(
          by_name_ && SlotsStandBesideOwners(comparison.actual()) &&
          SlotsStandBesideOwners(comparison.expected())) {}

bool Renames::IsRenamedVariable(const Pair& pair) const {
  if (pair.how != How::kRenamed) return false;
  const Variable& variable = comparison_->expected(pair.expected);
  if (IsSlot(variable) || variable.role == Role::kBookkeeping) return false;
  return variable.role != Role::kOptimizer || optimizer_variables_are_named_;
}

bool Renames::IsRenamedSlot(const Pair& pair) const {
  if (pair.how != How::kRenamed) return false;
  const Variable& have = comparison_->actual(pair.actual);
  const Variable& want = comparison_->expected(pair.expected);
  if (!IsSlot(want)) {
    return want.role == Role::kOptimizer && !optimizer_variables_are_named_ &&
           StandsElsewhere(have, want);
  }
  size_t owner = comparison_->OwnerOfExpected(pair.expected);
  const Pair* owners =
      owner == Comparison::kNone ? nullptr : comparison_->PairOfExpected(owner);
  if (owners != nullptr && IsRenamedVariable(*owners)) return true;
  return StandsElsewhere(have, want);
}

How Renames::Told(const Pair& pair) const {
  bool is_spelling = pair.how == How::kRenamed && !IsRenamedVariable(pair) &&
                     !IsRenamedSlot(pair);
  return is_spelling ? How::kCanonical : pair.how;
}

// Whether the place itself differs, for whom it matters.
bool Renames::StandsElsewhere(const Variable& have,
                              const Variable& want) const {
  if (by_name_) {
    return have.name != want.name && !IsLabel(have) && !IsLabel(want);
  }
  return by_key_ && !have.key.empty() && !want.key.empty() &&
         have.key != want.key;
}

}  // namespace ckptdiff
