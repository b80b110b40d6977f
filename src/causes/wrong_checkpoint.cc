#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/common_ground.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (!NothingInCommon(evidence)) return {};
  // Flat parameters, adapters alone: the same model after all.
  if (evidence.Unclaimed(evidence.Absences()).empty()) return {};
  std::vector<size_t> findings;
  for (size_t i = 0; i < evidence.findings().size(); ++i) {
    const Finding& finding = evidence.finding(i);
    if (finding.actual || finding.expected) findings.push_back(i);
  }
  const Comparison& comparison = evidence.comparison();
  return Explain(
      0.97, evidence.WithSlots(std::move(findings)),
      fmt::format("This is the checkpoint of another model: {} of {} have a "
                  "counterpart.",
                  evidence.paired_weights(),
                  Count(WeightsOf(comparison.expected()), "expected variable")),
      fmt::format("check the path: {} holds {}",
                  comparison.actual().source.path.empty()
                      ? "the checkpoint"
                      : comparison.actual().source.path,
                  Listed(NamesOf(evidence, evidence.Of("unexpected-layer")))));
}

}  // namespace

extern const Cause kWrongCheckpoint = {
    .info = {.id = "wrong-checkpoint",
             .group = "model",
             .harmless = false,
             .summary = "checkpoint and model have next to nothing in common",
             .help = "Holds where both sides have weights and hardly any of "
                     "them correspond: another model, another stage of a "
                     "pipeline, a mistyped path."},
    .diagnose = DiagnoseIt,
    .turn = Turn::kGeneral,
};

}  // namespace ckptdiff
