#include <fmt/format.h>

#include "base/text.h"
#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  if (state.owners_with_slots() == 0 || state.owners_without_slots() == 0) {
    return findings;
  }
  Finding finding;
  finding.expected =
      SideNamed(state.correspondences().front().expected, Role::kOptimizer);
  finding.message = fmt::format(
      "{} of {} that the {} trains have no slots in the {}",
      state.owners_without_slots(),
      Count(state.owners_with_slots() + state.owners_without_slots(),
            "variable"),
      comparison.is_diff() ? "new one" : "model",
      comparison.is_diff() ? "old one" : "checkpoint");
  findings.push_back(std::move(finding));
  return findings;
}

}  // namespace

extern const Rule kIncompleteOptimizer = {
    .info = {.id = "incomplete-optimizer",
             .subject = "optimizer",
             .severity = Severity::kNote,
             .summary = "some trainable variables have slots in the checkpoint,"
                        " others have none",
             .help = "Fires once, in addition to the missing slots, where the "
                     "checkpoint keeps optimizer state for some of the "
                     "variables that the model trains and not for others. "
                     "Silent where it has none at all (missing-optimizer).",
             .remedy = "see the missing slots: were those variables frozen, or "
                       "had their optimizer not stepped yet?"},
    .check = Check,
};

}  // namespace ckptdiff
