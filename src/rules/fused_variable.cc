#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Group& group : comparison.pairing().groups) {
    if (!IsFused(group)) continue;
    if (IsSlot(comparison.expected(group.expected.front()))) continue;
    Finding finding = FindingOf(comparison, group);
    finding.message =
        fmt::format("{} holds {} ({})", Shown(*finding.actual),
                    fmt::join(finding.parts->expected, ", "), group.method);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kFusedVariable = {
    .info = {.id = "fused-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the checkpoint holds in one variable what the model "
                        "has in several",
             .help = "Fires where one variable of the checkpoint is the "
                     "concatenation or the stack of several of the model (qkv "
                     "for query, key and value; gate_up for gate and up); "
                     "`parts` lists them in order and says how. Silent the "
                     "other way round (split-variable).",
             .remedy = "split it along the axis that `parts` names, in that "
                       "order, while loading"},
    .check = Check,
};

}  // namespace ckptdiff
