#include "causes/optimizer_findings.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace ckptdiff {
namespace {

// Equal but for the values of their digits.
bool DifferInNumbersOnly(std::string_view a, std::string_view b) {
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      while (i < a.size() && is_digit(a[i])) ++i;
      while (j < b.size() && is_digit(b[j])) ++j;
    } else if (a[i++] != b[j++]) {
      return false;
    }
  }
  return i == a.size() && j == b.size();
}

}  // namespace

std::vector<size_t> OfMissingSlots(const Evidence& evidence) {
  std::vector<size_t> findings = evidence.OfAny(
      {"missing-slot", "missing-optimizer", "incomplete-optimizer"});
  if (findings.empty()) return findings;
  for (size_t i : evidence.Of("missing-variable")) {
    if (evidence.finding(i).expected->role == Role::kOptimizer) {
      findings.push_back(i);
    }
  }
  for (size_t i : evidence.Of("unexpected-variable")) {
    if (evidence.finding(i).actual->role == Role::kOptimizer) {
      findings.push_back(i);
    }
  }
  return findings;
}

bool HasOptimizerMismatch(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("optimizer-mismatch");
  return std::any_of(findings.begin(), findings.end(), [&](size_t i) {
    return evidence.finding(i).expected.has_value();
  });
}

bool KnowsAnOptimizer(const Comparison& comparison) {
  const Layout& actual = comparison.actual();
  return !actual.optimizers.empty() ||
         std::any_of(actual.variables.begin(), actual.variables.end(),
                     [](const Variable& variable) {
                       return variable.role == Role::kOptimizer;
                     });
}

std::vector<size_t> MovedSlots(const Evidence& evidence) {
  std::vector<bool> is_renamed(
      evidence.comparison().expected().variables.size());
  for (size_t i : evidence.Of("renamed-variable")) {
    is_renamed[evidence.finding(i).expected->variable] = true;
  }
  std::vector<size_t> moved;
  for (size_t i : evidence.Of("renamed-slot")) {
    size_t owner = evidence.comparison().OwnerOfExpected(
        evidence.finding(i).expected->variable);
    if (owner == Comparison::kNone || !is_renamed[owner]) moved.push_back(i);
  }
  return moved;
}

bool AreIndexesOnly(const Evidence& evidence,
                    const std::vector<size_t>& moved) {
  return !moved.empty() &&
         std::all_of(moved.begin(), moved.end(), [&](size_t i) {
           const FindingSide& have = *evidence.finding(i).actual;
           const FindingSide& want = *evidence.finding(i).expected;
           return have.name != want.name
                      ? DifferInNumbersOnly(have.name, want.name)
                      : DifferInNumbersOnly(have.key, want.key);
         });
}

std::vector<std::string> SurplusKinds(const Evidence& evidence) {
  std::set<std::string_view> wanted;
  for (const Variable& slot : evidence.comparison().expected().variables) {
    if (slot.role == Role::kSlot && slot.slot) wanted.insert(slot.slot->slot);
  }
  std::vector<std::string> kinds;
  if (wanted.empty()) return kinds;
  for (size_t i : evidence.Of("unexpected-variable")) {
    const FindingSide& side = *evidence.finding(i).actual;
    if (side.role != Role::kSlot || !side.slot) continue;
    if (wanted.contains(side.slot->slot)) return {};
    if (std::find(kinds.begin(), kinds.end(), side.slot->slot) == kinds.end()) {
      kinds.push_back(side.slot->slot);
    }
  }
  return kinds;
}

std::vector<size_t> MisplacedSlots(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  std::vector<size_t> misplaced;
  for (size_t i : evidence.Of("slot-shape-mismatch")) {
    size_t owner =
        comparison.OwnerOfExpected(evidence.finding(i).expected->variable);
    size_t partner = owner == Comparison::kNone
                         ? Comparison::kNone
                         : comparison.PartnerOfExpected(owner);
    if (partner != Comparison::kNone &&
        comparison.actual(partner).shape == comparison.expected(owner).shape) {
      misplaced.push_back(i);
    }
  }
  return misplaced;
}

std::vector<size_t> SlotsOfOtherOptimizers(const Evidence& evidence,
                                           bool of_expected) {
  const Comparison& comparison = evidence.comparison();
  const Layout& layout =
      of_expected ? comparison.expected() : comparison.actual();
  std::set<std::string_view> in_use;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& slot = layout.variables[i];
    bool is_placed = slot.role == Role::kSlot && slot.slot &&
                     (of_expected ? comparison.ExpectedIsPlaced(i)
                                  : comparison.ActualIsPlaced(i));
    if (is_placed) in_use.insert(slot.slot->optimizer);
  }
  std::vector<size_t> others;
  if (in_use.empty()) return others;
  for (size_t i :
       evidence.Of(of_expected ? "missing-slot" : "unexpected-variable")) {
    const Finding& finding = evidence.finding(i);
    const FindingSide& side = of_expected ? *finding.expected : *finding.actual;
    bool is_other = side.role == Role::kSlot && side.slot &&
                    !in_use.contains(side.slot->optimizer);
    if (is_other) others.push_back(i);
  }
  return others;
}

}  // namespace ckptdiff
