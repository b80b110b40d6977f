#include "rules/renames.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace ckptdiff {
namespace {

bool BothAddressedBy(const Comparison& comparison, AddressedBy by) {
  return comparison.actual().source.addressed_by == by &&
         comparison.expected().source.addressed_by == by;
}

// Nothing where no slot tells.
std::optional<bool> SlotsStandBesideOwners(const Layout& layout) {
  for (const Variable& slot : layout.variables) {
    if (slot.role != Role::kSlot || !slot.slot || !slot.slot->owner) continue;
    return slot.name.find(*slot.slot->owner + "/") != std::string::npos;
  }
  return std::nullopt;
}

// "dense1/vars/0", or "layers/dense/vars/0" where the file does not know the
// layer's name either: a Keras 3 store numbers variables and names none.
bool IsNumberedName(const Variable& variable) {
  const std::string& name = variable.name;
  size_t at = name.rfind("vars/");
  return at != std::string::npos && (at == 0 || name[at - 1] == '/') &&
         at + 5 < name.size() &&
         name.find_first_not_of("0123456789", at + 5) == std::string::npos;
}

// True where the names differ only in what one of the files does not tell.
bool IsUntold(const Layout& layout, const Variable& variable,
              const Variable& other) {
  if (layout.source.addressed_by != AddressedBy::kOrder ||
      !IsNumberedName(variable)) {
    return false;
  }
  if (variable.name == variable.key) return true;
  std::string layer =
      variable.name.substr(0, variable.name.rfind("vars/"));  // with its slash
  size_t last = other.name.rfind('/');
  return layer == (last == std::string::npos ? std::string()
                                             : other.name.substr(0, last + 1));
}

// True where an object path leads through a list that holds what the model
// holds as well: the shorter path to one variable is its key.
bool IsThroughList(std::string_view key) {
  constexpr std::array<std::string_view, 5> kLists = {
      "_trainable_variables/", "_all_variables/", "trainable_variables/",
      "non_trainable_variables/", "variables/"};
  return std::any_of(kLists.begin(), kLists.end(), [&](std::string_view list) {
    size_t at = key.find(list);
    return at != key.npos && (at == 0 || key[at - 1] == '/');
  });
}

bool IsLabel(const Variable& slot) { return slot.name == SlotLabel(slot); }

}  // namespace

bool SlotsStandApart(const Layout& layout) {
  return !SlotsStandBesideOwners(layout).value_or(true);
}

Renames::Renames(const Comparison& comparison)
    : comparison_(&comparison),
      by_name_(BothAddressedBy(comparison, AddressedBy::kName)),
      by_key_(BothAddressedBy(comparison, AddressedBy::kKey)),
      optimizer_variables_are_named_(
          by_name_ &&
          SlotsStandBesideOwners(comparison.actual()).value_or(false) &&
          SlotsStandBesideOwners(comparison.expected()).value_or(false)) {}

bool Renames::IsRenamedVariable(const Pair& pair) const {
  const Variable& have = comparison_->actual(pair.actual);
  const Variable& variable = comparison_->expected(pair.expected);
  if (pair.how != How::kRenamed) {
    // TF2 goes by the object path, and finds nothing by a name.
    return by_key_ && variable.role == Role::kWeight && !have.key.empty() &&
           !variable.key.empty() && have.key != variable.key &&
           !IsThroughList(have.key) && !IsThroughList(variable.key);
  }
  if (IsSlot(variable) || variable.role == Role::kBookkeeping) return false;
  // An average goes where its owner goes, unless a loader asks for its name.
  if (variable.slot && !by_name_) return false;
  if (IsUntold(comparison_->actual(), have, variable) ||
      IsUntold(comparison_->expected(), variable, have)) {
    return false;
  }
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
  if (IsRenamedVariable(pair) || IsRenamedSlot(pair)) return How::kRenamed;
  return pair.how == How::kRenamed ? How::kCanonical : pair.how;
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
