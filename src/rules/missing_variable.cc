#include <fmt/format.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t i : comparison.pairing().only_expected) {
    Finding finding;
    finding.expected = SideOf(comparison.expected(), i);
    finding.message = fmt::format("{} is expected and not in the checkpoint",
                                  finding.expected->name);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kMissingVariable = {
    .info = {.id = "missing-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "a variable of the model is not in the checkpoint",
             .help = "",
             .remedy = ""},
    .check = Check,
};

}  // namespace ckptdiff
