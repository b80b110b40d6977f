#include <fmt/format.h>

#include "rules/optimizer_state.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const OptimizerState state(comparison);
  if (!state.is_missing()) return findings;
  Finding finding;
  finding.expected =
      SideNamed(state.correspondences().front().expected, Role::kOptimizer);
  finding.message = fmt::format(
      "the {} has no optimizer state, the {} expects that of {}",
      comparison.is_diff() ? "old one" : "checkpoint",
      comparison.is_diff() ? "new one" : "model", finding.expected->name);
  findings.push_back(std::move(finding));
  return findings;
}

}  // namespace

extern const Rule kMissingOptimizer = {
    .info = {.id = "missing-optimizer",
             .subject = "optimizer",
             .severity = Severity::kError,
             .summary = "the checkpoint holds weights only",
             .help = "Fires once, in addition to the missing slots, where the "
                     "model's optimizer expects slots and the checkpoint holds "
                     "none at all.",
             .remedy = "restore the weights without the optimizer, or save the "
                       "optimizer with the model"},
    .check = Check,
};

}  // namespace ckptdiff
