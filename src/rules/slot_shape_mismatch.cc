#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/transform.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Pair& pair : comparison.pairing().pairs) {
    if (!IsSlot(comparison.expected(pair.expected))) continue;
    if (!ShapesDisagree(comparison, pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    finding.message =
        fmt::format("{} is {} in the {} and {} in the {}",
                    ShownSlot(comparison.expected(pair.expected)),
                    ToString(finding.actual->shape),
                    comparison.is_diff() ? "old one" : "checkpoint",
                    ToString(finding.expected->shape),
                    comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kSlotShapeMismatch = {
    .info = {.id = "slot-shape-mismatch",
             .subject = "optimizer",
             .severity = Severity::kError,
             .summary = "the optimizer state of a variable has another shape",
             .help = "Fires for a pair of slots whose shapes disagree where "
                     "both are known; most often the variable itself has "
                     "another shape. Silent where the slot follows a transposed"
                     " variable.",
             .remedy = "as for the variable itself; or restore without the "
                       "optimizer"},
    .check = Check,
};

}  // namespace ckptdiff
