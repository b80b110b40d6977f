#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/transform.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Pair& pair : comparison.pairing().pairs) {
    if (IsSlot(comparison.expected(pair.expected))) continue;
    if (!IsRearranged(pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    finding.transform = pair.transform;
    finding.message =
        fmt::format("{} is {} in the {} and {} in the {}: {}",
                    Shown(*finding.expected), ToString(finding.actual->shape),
                    comparison.is_diff() ? "old one" : "checkpoint",
                    ToString(finding.expected->shape),
                    comparison.is_diff() ? "new one" : "model", pair.transform);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kTransposedVariable = {
    .info = {.id = "transposed-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the same variable has its axes in another order",
             .help = "Fires for a pair of which one is the other transposed, "
                     "permuted, squeezed or reshaped; the finding's `transform`"
                     " says how the model's is made from the checkpoint's. "
                     "Equal for all loaders: they refuse the shape, or load a "
                     "square matrix the wrong way round without a word. Silent "
                     "for slots, which follow their variable.",
             .remedy = "apply the transform to the stored array while loading"},
    .check = Check,
};

}  // namespace ckptdiff
