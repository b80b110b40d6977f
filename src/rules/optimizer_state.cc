#include "rules/optimizer_state.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace ckptdiff {
namespace {

bool IsTrueSlot(const Variable& variable) {
  return variable.role == Role::kSlot;
}

bool HasSlots(const Layout& layout) {
  return std::any_of(layout.variables.begin(), layout.variables.end(),
                     IsTrueSlot);
}

const Optimizer* FindOptimizer(const Layout& layout, std::string_view id) {
  for (const Optimizer& optimizer : layout.optimizers) {
    if (optimizer.id == id) return &optimizer;
  }
  return nullptr;
}

// "AdamOptimizer", "adam" → "adam".
std::string ClassOf(const Layout& layout, std::string_view id) {
  const Optimizer* optimizer = FindOptimizer(layout, id);
  if (optimizer == nullptr || !optimizer->class_name) return "";
  std::string name = *optimizer->class_name;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  size_t suffix = name.rfind("optimizer");
  if (suffix != std::string::npos && suffix > 0) name.resize(suffix);
  return name;
}

// State that the model's optimizer would not save as it is: not made before its
// first step, or compiled with the model and not asked for. Wanted only of a
// file without optimizer, by an optimizer that says what it keeps.
bool IsOptional(const Variable& slot, const Comparison& comparison) {
  if (slot.tracked) return false;
  if (!comparison.actual().optimizers.empty() || !slot.slot) return true;
  const Optimizer* optimizer =
      FindOptimizer(comparison.expected(), slot.slot->optimizer);
  return optimizer == nullptr || optimizer->slots.empty();
}

using Kinds = std::set<std::string_view>;

// Momentum against m and v: both have what the other one lacks. Where one only
// has more (amsgrad), the slots themselves are reported; unless the classes
// differ too (RMSprop with momentum against plain momentum).
bool KindsCorrespond(const Kinds& have, const Kinds& want,
                     bool classes_differ) {
  if (have == want) return true;
  if (classes_differ) return false;
  return std::includes(have.begin(), have.end(), want.begin(), want.end()) ||
         std::includes(want.begin(), want.end(), have.begin(), have.end());
}

// A file that stores an optimizer as numbers, without its class, has slots of
// some kind, and as many as are wanted: which, is the reader's guess.
bool AreGuessed(const Layout& actual, std::string_view have_class,
                size_t have_kinds, size_t want_kinds, bool all_placed) {
  return actual.source.addressed_by == AddressedBy::kOrder &&
         have_class.empty() && (all_placed || have_kinds == want_kinds);
}

}  // namespace

OptimizerState::OptimizerState(const Comparison& comparison)
    : comparison_(&comparison) {
  const bool wants_slots = HasSlots(comparison.expected());
  const bool has_slots = HasSlots(comparison.actual());
  compared_ = wants_slots || !comparison.expected().optimizers.empty();
  if (!wants_slots) {
    FindUnused();
    return;
  }
  if (has_slots) IndexActualSlots();
  FindMissing();
  FindCorrespondences();
  if (has_slots) FindSurplus();
  is_missing_ = !has_slots && !all_optional_ &&
                std::all_of(correspondences_.begin(), correspondences_.end(),
                            [](const Correspondence& one) {
                              return one.kinds_correspond;
                            });
}

void OptimizerState::IndexActualSlots() {
  const size_t size = comparison_->actual().variables.size();
  slots_of_actual_.resize(size);
  for (size_t i = 0; i < size; ++i) {
    if (!IsTrueSlot(comparison_->actual(i))) continue;
    size_t owner = comparison_->OwnerOfActual(i);
    if (owner == Comparison::kNone) {
      unowned_.push_back(i);
    } else {
      slots_of_actual_[owner].push_back(i);
    }
  }
}

void OptimizerState::FindUnused() {
  const Layout& actual = comparison_->actual();
  std::unordered_map<std::string_view, size_t> position;
  auto entry = [&](std::string_view id) -> Unused& {
    auto [at, is_new] = position.emplace(id, unused_.size());
    if (is_new) unused_.push_back({.id = id});
    return unused_[at->second];
  };
  // A stateless optimizer that the model also names is in use.
  for (const Optimizer& optimizer : actual.optimizers) {
    if (!compared_) entry(optimizer.id);
  }
  for (size_t i = 0; i < actual.variables.size(); ++i) {
    const Variable& variable = actual.variables[i];
    if (!IsTrueSlot(variable) || comparison_->ActualIsPlaced(i)) continue;
    ++entry(variable.slot ? variable.slot->optimizer : std::string_view())
          .slots;
  }
}

void OptimizerState::FindMissing() {
  std::vector<size_t> steps;
  // 0: unseen, 1: it has slots in the checkpoint, 2: it has none.
  std::vector<uint8_t> owners(comparison_->expected().variables.size());
  std::vector<bool> lacks(owners.size());
  for (size_t i = 0; i < owners.size(); ++i) {
    const Variable& slot = comparison_->expected(i);
    if (!IsSlot(slot) || IsOptional(slot, *comparison_)) continue;
    if (IsTrueSlot(slot)) all_optional_ = false;
    size_t owner = comparison_->OwnerOfExpected(i);
    if (owner == Comparison::kNone) {
      if (!comparison_->ExpectedIsPlaced(i)) missing_.push_back(i);
      continue;
    }
    size_t partner = comparison_->PartnerOfExpected(owner);
    bool has_some = partner != Comparison::kNone && !slots_of_actual_.empty() &&
                    !slots_of_actual_[partner].empty();
    if (partner != Comparison::kNone && owners[owner] == 0) {
      owners[owner] = has_some ? 1 : 2;
      ++(has_some ? owners_with_slots_ : owners_without_slots_);
    }
    if (comparison_->ExpectedIsPlaced(i)) continue;
    // The slot of a missing variable is not missing too.
    if (partner == Comparison::kNone) continue;
    if (!IsTrueSlot(slot)) {
      steps.push_back(i);
    } else {
      missing_.push_back(i);
      lacks[owner] = true;
    }
  }
  // Where the slots of a variable are missing, so is its step: said already.
  for (size_t i : steps) {
    if (!lacks[comparison_->OwnerOfExpected(i)]) missing_.push_back(i);
  }
  std::sort(missing_.begin(), missing_.end());
  // Slots of which the file does not tell the owner may be all of these.
  if (!unowned_.empty() && unowned_.size() >= missing_.size()) {
    missing_.clear();
    owners_without_slots_ = 0;
  }
}

void OptimizerState::FindCorrespondences() {
  struct Seen {
    Kinds kinds;
    bool all_placed = true;
    std::map<std::string_view, size_t> counterparts;  // actual id → slots
  };
  std::vector<std::string_view> order;
  std::unordered_map<std::string_view, Seen> seen;
  std::unordered_map<std::string_view, Kinds> actual_kinds;
  for (const Variable& slot : comparison_->actual().variables) {
    if (!IsTrueSlot(slot) || !slot.slot) continue;
    actual_kinds[slot.slot->optimizer].insert(slot.slot->slot);
  }
  for (size_t i = 0; i < comparison_->expected().variables.size(); ++i) {
    const Variable& slot = comparison_->expected(i);
    if (!IsTrueSlot(slot) || !slot.slot) continue;
    auto [at, is_new] = seen.try_emplace(slot.slot->optimizer);
    if (is_new) order.push_back(slot.slot->optimizer);
    at->second.kinds.insert(slot.slot->slot);
    at->second.all_placed &= comparison_->ExpectedIsPlaced(i);
    size_t owner = comparison_->OwnerOfExpected(i);
    if (owner == Comparison::kNone || slots_of_actual_.empty()) continue;
    size_t partner = comparison_->PartnerOfExpected(owner);
    if (partner == Comparison::kNone) continue;
    // Its own counterpart tells most; else all that the variable has.
    size_t own = comparison_->PartnerOfExpected(i);
    for (size_t have : slots_of_actual_[partner]) {
      if (own != Comparison::kNone && own != have) continue;
      ++at->second.counterparts[comparison_->actual(have).slot->optimizer];
    }
  }
  for (std::string_view id : order) {
    const Seen& optimizer = seen[id];
    Correspondence one{.expected = id};
    one.expected_kinds.assign(optimizer.kinds.begin(), optimizer.kinds.end());
    auto most = std::max_element(
        optimizer.counterparts.begin(), optimizer.counterparts.end(),
        [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::string want_class = ClassOf(comparison_->expected(), id);
    if (most != optimizer.counterparts.end()) {
      one.actual = most->first;
    } else if (actual_kinds.empty() &&
               comparison_->actual().optimizers.size() == 1) {
      one.actual = comparison_->actual().optimizers.front().id;  // slotless
    }
    if (!one.actual.empty() || most != optimizer.counterparts.end()) {
      const Kinds& have = actual_kinds[one.actual];
      one.actual_kinds.assign(have.begin(), have.end());
      const std::string have_class = ClassOf(comparison_->actual(), one.actual);
      one.kinds_correspond =
          KindsCorrespond(have, optimizer.kinds,
                          !have_class.empty() && !want_class.empty() &&
                              have_class != want_class) ||
          AreGuessed(comparison_->actual(), have_class, have.size(),
                     optimizer.kinds.size(), optimizer.all_placed);
    }
    correspondences_.push_back(std::move(one));
  }
}

void OptimizerState::FindSurplus() {
  std::set<std::string_view> of_another_kind;
  for (const Correspondence& one : correspondences_) {
    if (!one.kinds_correspond) of_another_kind.insert(one.actual);
  }
  for (size_t i = 0; i < comparison_->actual().variables.size(); ++i) {
    const Variable& slot = comparison_->actual(i);
    if (!IsTrueSlot(slot) || comparison_->ActualIsPlaced(i)) continue;
    size_t owner = comparison_->OwnerOfActual(i);
    if (owner == Comparison::kNone) continue;
    if (!comparison_->ActualIsPlaced(owner)) {
      orphans_.push_back(i);
    } else if (comparison_->PartnerOfActual(owner) != Comparison::kNone &&
               !of_another_kind.contains(slot.slot->optimizer)) {
      surplus_.push_back(i);
    }
  }
}

}  // namespace ckptdiff
