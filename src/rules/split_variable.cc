#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (const Group& group : comparison.pairing().groups) {
    if (IsFused(group)) continue;
    if (IsSlot(comparison.expected(group.expected.front()))) continue;
    Finding finding = FindingOf(comparison, group);
    finding.message =
        fmt::format("{} is made of {} ({})", Shown(*finding.expected),
                    fmt::join(finding.parts->actual, ", "), group.method);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kSplitVariable = {
    .info = {.id = "split-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the checkpoint holds in several variables what the "
                        "model has in one",
             .help = "Fires where one variable of the model is the "
                     "concatenation or the stack of several of the checkpoint "
                     "(query, key and value for qkv); `parts` lists them in "
                     "order and says how. Silent the other way round (fused-"
                     "variable).",
             .remedy = "concatenate them along the axis that `parts` names, in "
                       "that order, while loading"},
    .check = Check,
};

}  // namespace ckptdiff
