#include <fmt/format.h>

#include "base/text.h"
#include "rules/renames.h"
#include "rules/rule.h"
#include "rules/tracking.h"

namespace ckptdiff {
namespace {

// The average of a variable that is missing itself, where nobody asks for it
// by its name.
bool MissesItsOwner(const Comparison& comparison, size_t i) {
  if (comparison.expected().source.addressed_by != AddressedBy::kOrder) {
    return false;
  }
  const size_t owner = comparison.OwnerOfExpected(i);
  return owner != Comparison::kNone &&
         comparison.PartnerOfExpected(owner) == Comparison::kNone;
}

bool IsAbsent(const Comparison& comparison, size_t i) {
  const Variable& variable = comparison.expected(i);
  if (IsSlot(variable)) return false;
  if (variable.role == Role::kAverage && MissesItsOwner(comparison, i)) {
    return false;
  }
  return variable.role == Role::kAverage || variable.role == Role::kOptimizer ||
         (variable.role == Role::kWeight && !IsUntracked(comparison, i) &&
          !IsMergedOnSaving(comparison, i));
}

std::string Message(const Comparison& comparison, const Finding& finding) {
  const FindingSide& side = *finding.expected;
  std::string what =
      fmt::format("{} {}{}", Shown(side), side.dtype, ToString(side.shape));
  if (!finding.candidates.empty()) {
    return fmt::format("{} could be any of {}: nothing tells them apart",
                       Shown(side),
                       Count(finding.candidates.size(), "variable"));
  }
  return comparison.is_diff()
             ? fmt::format("{} was added", what)
             : fmt::format("{} is expected and not in the checkpoint", what);
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t i : comparison.pairing().only_expected) {
    if (!IsAbsent(comparison, i)) continue;
    Finding finding;
    finding.expected = SideOf(comparison.expected(), i);
    if (const Ambiguity* set = comparison.AmbiguityOfExpected(i)) {
      finding.candidates = CandidatesAmong(comparison.actual(), set->actual);
    }
    finding.message = Message(comparison, finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

// Who goes by name asks for beta powers as for any variable; where slots stand
// apart from their variables (optax), the optimizer restores itself as a whole.
Severity SeverityOf(const Comparison& comparison, const Finding& finding) {
  if (finding.expected->role != Role::kOptimizer) return Severity::kError;
  bool by_name =
      comparison.expected().source.addressed_by == AddressedBy::kName;
  return by_name && !SlotsStandApart(comparison.expected()) ? Severity::kError
                                                            : Severity::kNote;
}

}  // namespace

extern const Rule kMissingVariable = {
    .info = {.id = "missing-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the model expects a variable that the checkpoint does "
                        "not hold",
             .help =
                 "Fires for an expected weight, moving average or optimizer"
                 " variable that has no counterpart: not under its name, "
                 "not under another one, not as a part of a fused variable."
                 " Where several variables of the checkpoint are equally "
                 "good counterparts, none is taken and all are listed as "
                 "candidates. Silent for slots (missing-slot), for the "
                 "global step (missing-step), for the average of a variable "
                 "that is missing itself, and for what was never saved "
                 "although its layer was (untracked-variable). Of an "
                 "optimizer's own variables it is an error only where the "
                 "loader goes by name.",
             .remedy = "if a cause above explains it, follow that; else save "
                       "the variable with the model, or load without it and let"
                       " it be initialised"},
    .check = Check,
    .severity = SeverityOf,
};

}  // namespace ckptdiff
