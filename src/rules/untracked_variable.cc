#include <fmt/format.h>

#include "rules/rule.h"
#include "rules/tracking.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  for (size_t i : comparison.pairing().only_expected) {
    if (comparison.expected(i).role != Role::kWeight) continue;
    if (!IsUntracked(comparison, i)) continue;
    Finding finding;
    finding.expected = SideOf(comparison.expected(), i);
    size_t layer = comparison.expected_layers().Of(i);
    finding.message =
        layer == LayerIndex::kNone
            ? fmt::format("{} was never saved", Shown(*finding.expected))
            : fmt::format("{} was never saved, the rest of its layer {} was",
                          Shown(*finding.expected),
                          comparison.expected_layers().entries()[layer].name);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

extern const Rule kUntrackedVariable = {
    .info = {.id = "untracked-variable",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the layer was saved, this variable of it never was",
             .help = "Fires for an expected weight without counterpart that the"
                     " model itself says it would not save, or whose layer is "
                     "in the checkpoint with no variable left over: then it was"
                     " no variable when the checkpoint was written (a plain "
                     "tensor, an array, an object that nothing holds). Silent "
                     "for what a configuration switches off (bias, beta, gamma,"
                     " moving statistics, counters, position ids), for "
                     "adapters that Keras merges on saving, and in a diff.",
             .remedy = "make it a variable before saving: self.add_weight(...) "
                       "or tf.Variable in Keras and TensorFlow, nn.Parameter or"
                       " register_buffer in PyTorch; then save again"},
    .check = Check,
};

}  // namespace ckptdiff
