#include <fmt/format.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t i : comparison.pairing().only_expected) {
    if (comparison.expected(i).role != Role::kStep) continue;
    Finding finding;
    finding.expected = SideOf(comparison.expected(), i);
    finding.message = fmt::format(
        "{} {}", Shown(*finding.expected),
        comparison.is_diff() ? "was added"
                             : "is expected and not in the checkpoint");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kMissingStep = {
    .info = {.id = "missing-step",
             .subject = "optimizer",
             .severity = Severity::kWarning,
             .summary = "the checkpoint does not hold the global step",
             .help = "Fires where the model expects a global step of its own "
                     "(role step) and the checkpoint has none. Silent for an "
                     "optimizer's iteration.",
             .remedy = "restore without it and set it by hand, or save it with "
                       "the model"},
    .check = Check,
};

}  // namespace ckptdiff
