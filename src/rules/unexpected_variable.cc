#include <fmt/format.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t i : comparison.pairing().only_actual) {
    Finding finding;
    finding.actual = SideOf(comparison.actual(), i);
    finding.message = fmt::format("{} is in the checkpoint, the model has none",
                                  finding.actual->name);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kUnexpectedVariable = {
    .info = {.id = "unexpected-variable",
             .subject = "variables",
             .severity = Severity::kWarning,
             .summary = "a variable of the checkpoint is not in the model",
             .help = "",
             .remedy = ""},
    .check = Check,
};

}  // namespace ckptdiff
