#include <fmt/format.h>

#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  for (size_t i : state.orphans()) {
    const Variable& slot = comparison.actual(i);
    Finding finding;
    finding.actual = SideOf(comparison.actual(), i);
    finding.message = fmt::format(
        "{} belongs to a variable that the {} {}", ShownSlot(slot),
        comparison.is_diff() ? "new one" : "model", "does not have");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kOrphanSlot = {
    .info = {.id = "orphan-slot",
             .subject = "optimizer",
             .severity = Severity::kWarning,
             .summary = "the checkpoint holds optimizer state for a variable "
                        "that the model does not have",
             .help = "Fires for a slot of the checkpoint whose variable has no "
                     "counterpart in the model. Silent where the model has no "
                     "optimizer at all.",
             .remedy = "nothing, if the variable is meant to be gone; else find"
                       " what became of it"},
    .check = Check,
};

}  // namespace ckptdiff
