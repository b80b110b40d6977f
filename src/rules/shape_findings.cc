#include "rules/shape_findings.h"

#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/transform.h"

namespace ckptdiff {

std::vector<Finding> ShapeFindings(const Comparison& comparison,
                                   bool of_slots) {
  std::vector<Finding> findings;
  for (const Pair& pair : comparison.pairing().pairs) {
    const Variable& variable = comparison.expected(pair.expected);
    if (IsSlot(variable) != of_slots) continue;
    if (!ShapesDisagree(comparison, pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    finding.message =
        fmt::format("{} is {} in the {} and {} in the {}",
                    of_slots ? ShownSlot(variable) : Shown(*finding.expected),
                    ToString(finding.actual->shape),
                    comparison.is_diff() ? "old one" : "checkpoint",
                    ToString(finding.expected->shape),
                    comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace ckptdiff
