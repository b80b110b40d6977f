#include <fmt/format.h>

#include "rules/renames.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const Renames renames(comparison);
  for (const Pair& pair : comparison.pairing().pairs) {
    if (!renames.IsRenamedSlot(pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    const Variable& have = comparison.actual(pair.actual);
    const Variable& want = comparison.expected(pair.expected);
    std::string from = ShownSlot(have), to = ShownSlot(want);
    if (from == to) {  // it is the place that differs
      from = have.name == want.name ? have.key : have.name;
      to = have.name == want.name ? want.key : want.name;
    }
    finding.message =
        fmt::format("{} of the {} is {} in the {}", from,
                    comparison.is_diff() ? "old one" : "checkpoint", to,
                    comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kRenamedSlot = {
    .info = {.id = "renamed-slot",
             .subject = "optimizer",
             .severity = Severity::kNote,
             .summary = "optimizer state is there under another name",
             .help = "Fires for a slot that follows a renamed variable, and for"
                     " a slot that itself stands elsewhere where the loader "
                     "would look for it by name or key (another scope, another "
                     "optimizer's name, one level more). Silent where only the "
                     "framework's spelling of one and the same slot differs.",
             .remedy = "rename the variable: its slots follow"},
    .check = Check,
};

}  // namespace ckptdiff
