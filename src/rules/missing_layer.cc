#include <fmt/format.h>

#include "base/text.h"
#include "rules/layers.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t layer : LayersWithoutCounterpart(
           comparison.expected_layers(), comparison.actual_layers(),
           [&](size_t i) { return comparison.ExpectedIsPlaced(i); },
           [&](size_t i) { return comparison.AmbiguityOfExpected(i); })) {
    const LayerIndex::Entry& entry =
        comparison.expected_layers().entries()[layer];
    Finding finding;
    finding.expected = SideNamed(entry.name);
    finding.expected->layer = entry.name;
    finding.message = fmt::format(
        "layer {} ({}) {}", entry.name,
        Count(entry.variables.size(), "variable"),
        comparison.is_diff() ? "was added" : "is not in the checkpoint");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kMissingLayer = {
    .info = {.id = "missing-layer",
             .subject = "layers",
             .severity = Severity::kError,
             .summary = "none of the variables of a layer is in the checkpoint",
             .help = "Fires once, in addition to its missing variables, for a "
                     "layer of the model of which no variable has a counterpart"
                     " and which the checkpoint does not know by name. Silent "
                     "where a single one was found.",
             .remedy = "load the rest and train this layer, or find the "
                       "checkpoint that has it"},
    .check = Check,
};

}  // namespace ckptdiff
