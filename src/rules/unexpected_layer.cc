#include <fmt/format.h>

#include "base/text.h"
#include "rules/layers.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t layer : LayersWithoutCounterpart(
           comparison.actual_layers(), comparison.expected_layers(),
           [&](size_t i) { return comparison.ActualIsPlaced(i); },
           [&](size_t i) { return comparison.AmbiguityOfActual(i); })) {
    const LayerIndex::Entry& entry =
        comparison.actual_layers().entries()[layer];
    Finding finding;
    finding.actual = SideNamed(entry.name);
    finding.actual->layer = entry.name;
    finding.message = fmt::format(
        "layer {} ({}) {}", entry.name,
        Count(entry.variables.size(), "variable"),
        comparison.is_diff() ? "was removed" : "is not in the model");
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kUnexpectedLayer = {
    .info = {.id = "unexpected-layer",
             .subject = "layers",
             .severity = Severity::kWarning,
             .summary = "none of the variables of a layer is in the model",
             .help = "Fires once, in addition to its unexpected variables, for "
                     "a layer of the checkpoint of which no variable has a "
                     "counterpart and which the model does not know by name. "
                     "Silent where a single one was found.",
             .remedy = "load without it; if the model should have it, build the"
                       " model with it"},
    .check = Check,
};

}  // namespace ckptdiff
