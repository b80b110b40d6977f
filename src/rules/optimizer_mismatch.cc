#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::string Kinds(const std::vector<std::string_view>& kinds) {
  return kinds.empty() ? "no slots" : fmt::format("{}", fmt::join(kinds, ", "));
}

void AddUnused(const Comparison& comparison, const OptimizerState& state,
               std::vector<Finding>* findings) {
  for (const OptimizerState::Unused& unused : state.unused()) {
    Finding finding;
    finding.actual = SideNamed(unused.id, Role::kOptimizer);
    finding.message = fmt::format(
        "the {} holds the state of {} ({}), the {} has no optimizer",
        comparison.is_diff() ? "old one" : "checkpoint", unused.id,
        Count(unused.slots, "slot"),
        comparison.is_diff() ? "new one" : "model");
    findings->push_back(std::move(finding));
  }
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  AddUnused(comparison, state, &findings);
  for (const OptimizerState::Correspondence& one : state.correspondences()) {
    if (one.kinds_correspond) continue;
    Finding finding;
    finding.actual = SideNamed(one.actual, Role::kOptimizer);
    finding.expected = SideNamed(one.expected, Role::kOptimizer);
    finding.message =
        fmt::format("the {} holds {} of {}, the {} expects {} of {}",
                    comparison.is_diff() ? "old one" : "checkpoint",
                    Kinds(one.actual_kinds), one.actual,
                    comparison.is_diff() ? "new one" : "model",
                    Kinds(one.expected_kinds), one.expected);
    findings.push_back(std::move(finding));
  }
  return findings;
}

// Without an optimizer on the expected side nothing is lost.
Severity SeverityOf(const Comparison&, const Finding& finding) {
  return finding.expected ? Severity::kError : Severity::kNote;
}

}  // namespace

extern const Rule kOptimizerMismatch = {
    .info = {.id = "optimizer-mismatch",
             .subject = "optimizer",
             .severity = Severity::kError,
             .summary = "the checkpoint was saved with an optimizer of another "
                        "kind",
             .help = "Fires once per optimizer of the model whose slots do not "
                     "correspond to those that the checkpoint keeps for the "
                     "same variables (momentum against m and v). It rests on "
                     "slots, never on the name of a class alone: Adam and AdamW"
                     " correspond. Only a note, once per optimizer of the "
                     "checkpoint, where the model has no optimizer to restore.",
             .remedy = "restore the weights without the optimizer, or train on "
                       "with the optimizer of the checkpoint"},
    .check = Check,
    .severity = SeverityOf,
};

}  // namespace ckptdiff
