#include <fmt/format.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Pair& pair : comparison.pairing().pairs) {
    const std::string& have = comparison.actual(pair.actual).dtype;
    const Variable& want = comparison.expected(pair.expected);
    if (want.role == Role::kBookkeeping) continue;
    if (have.empty() || want.dtype.empty() || have == want.dtype) continue;
    Finding finding = FindingOf(comparison, pair);
    finding.message = fmt::format(
        "{} is {} in the {} and {} in the {}", Shown(*finding.expected), have,
        comparison.is_diff() ? "old one" : "checkpoint", want.dtype,
        comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kDtypeMismatch = {
    .info = {.id = "dtype-mismatch",
             .subject = "variables",
             .severity = Severity::kWarning,
             .summary = "the same variable has another element type",
             .help = "Fires for a pair, slots included, whose element types "
                     "differ where both are known. Most loaders cast without a "
                     "word; TF1 and TF2 refuse, Flax takes the type of the "
                     "file.",
             .remedy = "cast once while loading, or build the model with the "
                       "type of the checkpoint"},
    .check = Check,
};

}  // namespace ckptdiff
