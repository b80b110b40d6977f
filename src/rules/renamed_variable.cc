#include <fmt/format.h>

#include "rules/renames.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

bool BothByKey(const Comparison& comparison) {
  return comparison.actual().source.addressed_by == AddressedBy::kKey &&
         comparison.expected().source.addressed_by == AddressedBy::kKey;
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  const Renames renames(comparison);
  for (const Pair& pair : comparison.pairing().pairs) {
    if (!renames.IsRenamedVariable(pair)) continue;
    Finding finding = FindingOf(comparison, pair);
    const FindingSide &have = *finding.actual, &want = *finding.expected;
    finding.message =
        have.name == want.name
            ? fmt::format("{} is stored under the key {}, expected under {}",
                          want.name, have.key, want.key)
            : fmt::format("{} of the {} is {} in the {}", Shown(have),
                          comparison.is_diff() ? "old one" : "checkpoint",
                          Shown(want),
                          comparison.is_diff() ? "new one" : "model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

// Who goes by key finds it all the same.
Severity SeverityOf(const Comparison& comparison, const Finding& finding) {
  bool loads = BothByKey(comparison) && !finding.actual->key.empty() &&
               finding.actual->key == finding.expected->key;
  return loads ? Severity::kWarning : Severity::kError;
}

}  // namespace

extern const Rule kRenamedVariable = {
    .info = {.id = "renamed-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the variable is there under another name",
             .help = "Fires for a pair of variables whose names differ by more "
                     "than spelling (a trailing :0, Unicode form), found by "
                     "evidence that the finding lists. Where a loader goes by "
                     "object keys, equal names under different keys are renamed"
                     " too, and different names under equal keys only warn: "
                     "those load. Never fires for a guess: below a confidence "
                     "of one half, or with an equally good rival, both ends are"
                     " reported instead.",
             .remedy = "name it in the code as it was saved, or rename it "
                       "while loading as the patterns of the diagnosis say"},
    .check = Check,
    .severity = SeverityOf,
};

}  // namespace ckptdiff
