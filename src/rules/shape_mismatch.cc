#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/transform.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Pair& pair : comparison.pairing().pairs) {
    if (IsSlot(comparison.expected(pair.expected))) continue;
    if (!ShapesDisagree(comparison, pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    finding.message =
        fmt::format("{} is {} in the {} and {} in the {}",
                    Shown(*finding.expected), ToString(finding.actual->shape),
                    comparison.is_diff() ? "old one" : "checkpoint",
                    ToString(finding.expected->shape),
                    comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kShapeMismatch = {
    .info = {.id = "shape-mismatch",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the same variable has another shape",
             .help = "Fires for a pair whose shapes disagree where both are "
                     "known; unknown dimensions agree with anything. Silent "
                     "where one shape is the other with its axes moved "
                     "(transposed-variable), and for slots (slot-shape-"
                     "mismatch).",
             .remedy = "build the model with the sizes of the checkpoint, or "
                       "load without this variable"},
    .check = Check,
};

}  // namespace ckptdiff
