#include <fmt/format.h>

#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  for (size_t i : state.missing_slots()) {
    const Variable& slot = comparison.expected(i);
    Finding finding;
    finding.expected = SideOf(comparison.expected(), i);
    finding.message = fmt::format(
        "{} {}", ShownSlot(slot),
        comparison.is_diff() ? "was added"
                             : "is expected and not in the checkpoint");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kMissingSlot = {
    .info = {.id = "missing-slot",
             .subject = "optimizer",
             .severity = Severity::kError,
             .summary = "the optimizer expects state for a variable, the "
                        "checkpoint has none",
             .help = "Fires for every slot that the model's optimizer keeps for"
                     " a variable and the checkpoint lacks, although it has the"
                     " variable; named by owner and slot (d_w1/Adam/m), "
                     "whatever the file would call it. Silent where the "
                     "variable itself is missing, and where the model has no "
                     "optimizer.",
             .remedy = "restore the weights without the optimizer, or let the "
                       "optimizer create its slots and save again"},
    .check = Check,
};

}  // namespace ckptdiff
