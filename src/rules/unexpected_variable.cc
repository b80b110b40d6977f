#include <fmt/format.h>

#include "base/text.h"
#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

// Of a diff, or of what no loader looks at, metadata is no difference.
bool IsSurplus(const Comparison& comparison, const OptimizerState& state,
               size_t i) {
  const Variable& variable = comparison.actual(i);
  if (IsSlot(variable)) return false;
  switch (variable.role) {
    case Role::kBookkeeping:
      return !comparison.is_diff() && variable.dtype != "string";
    case Role::kOptimizer:
      // One note tells of an optimizer that nobody asks for.
      return state.compared() || comparison.actual().optimizers.empty();
    default: return true;
  }
}

Finding Surplus(const Comparison& comparison, size_t i) {
  Finding finding;
  finding.actual = SideOf(comparison.actual(), i);
  const FindingSide& side = *finding.actual;
  if (const Ambiguity* set = comparison.AmbiguityOfActual(i)) {
    finding.candidates = CandidatesAmong(comparison.expected(), set->expected);
  }
  if (!finding.candidates.empty()) {
    finding.message =
        fmt::format("{} could be any of {}: nothing tells them apart",
                    Shown(side), Count(finding.candidates.size(), "variable"));
    return finding;
  }
  finding.message = fmt::format(
      "{} {}{} {}", Shown(side), side.dtype, ToString(side.shape),
      comparison.is_diff() ? "was removed"
                           : "is in the checkpoint and not in the model");
  return finding;
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  for (size_t i : comparison.pairing().only_actual) {
    if (IsSurplus(comparison, state, i)) {
      findings.push_back(Surplus(comparison, i));
    }
  }
  for (size_t i : state.surplus_slots()) {
    findings.push_back(Surplus(comparison, i));
  }
  return findings;
}

Severity SeverityOf(const Comparison&, const Finding& finding) {
  switch (finding.actual->role) {
    case Role::kWeight:
    case Role::kSlot: return Severity::kWarning;
    default: return Severity::kNote;
  }
}

}  // namespace

extern const Rule kUnexpectedVariable = {
    .info = {.id = "unexpected-variable",
             .subject = "variables",
             .severity = Severity::kWarning,
             .summary = "the checkpoint holds a variable that the model does "
                        "not have",
             .help = "Fires for a variable of the checkpoint without a "
                     "counterpart in the model. Most loaders pass over it; "
                     "strict ones (load_state_dict, Orbax) refuse it. Where "
                     "several expected variables are equally good counterparts,"
                     " all are listed as candidates. Only a note for an "
                     "optimizer's own variables, steps, averages and "
                     "bookkeeping. Silent for slots whose variable is gone "
                     "(orphan-slot), for the slots of an optimizer of another "
                     "kind (optimizer-mismatch), and for optimizer state that "
                     "nobody asks for.",
             .remedy = "if it belongs to the model, look for the missing "
                       "variable that it should be; else load without it"},
    .check = Check,
    .severity = SeverityOf,
};

}  // namespace ckptdiff
