#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/optimizer_findings.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "rules/optimizer_state.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  std::vector<size_t> findings = OfMissingSlots(evidence);
  if (findings.empty() || HasOptimizerMismatch(evidence)) return {};
  const OptimizerState state(comparison);
  const bool is_partial =
      state.owners_with_slots() > 0 && state.owners_without_slots() > 0;
  if (is_partial && evidence.toolkit() != Toolkit::kTf1) return {};
  // A second optimizer that was added since: all that is missing is its.
  const bool is_added =
      !evidence.Of("missing-slot").empty() &&
      SlotsOfOtherOptimizers(evidence, /*of_expected=*/true).size() ==
          evidence.Of("missing-slot").size();
  if (!is_partial && !is_added &&
      !(state.is_missing() && KnowsAnOptimizer(comparison))) {
    return {};
  }
  const std::vector<std::string> slots =
      NamesOf(evidence, evidence.Of("missing-slot"));
  std::string fix =
      evidence.toolkit() == Toolkit::kTf1
          ? fmt::format(
                "restore everything else and let the optimizer create them: {} "
                "after running the initializer; where the graph reuses its "
                "scope, build the optimizer outside of reuse=True",
                HowToLoadTheRest(Toolkit::kTf1))
          : fmt::format(
                "run one training step before saving; for this file: "
                "{}",
                HowToSkipTheOptimizer(evidence.toolkit()));
  return Explain(0.95, std::move(findings),
                 fmt::format("{} never created when the checkpoint was saved: "
                             "{}.",
                             Count(slots.size(), "optimizer slot was",
                                   "optimizer slots were"),
                             Listed(slots)),
                 std::move(fix));
}

}  // namespace

extern const Cause kSlotsNeverCreated = {
    .info = {.id = "slots-never-created",
             .group = "optimizer",
             .harmless = false,
             .summary = "the optimizer had no slots yet when the checkpoint was"
                        " written",
             .help = "Holds where slots are missing for all or some variables "
                     "although the optimizer itself was saved, or other "
                     "variables of the same file have theirs: it had never "
                     "stepped, or did not train them yet. In TF1 also where the"
                     " slots are asked for under reuse=True and were never "
                     "variables (the d_w1/Adam error)."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
