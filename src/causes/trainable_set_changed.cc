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
  if (HasOptimizerMismatch(evidence)) return {};
  const OptimizerState state(evidence.comparison());
  std::vector<size_t> findings;
  // Where the file leaves open whose its slots are, they are too few.
  const bool is_partial =
      state.owners_without_slots() > 0 && !state.is_missing();
  if (is_partial && evidence.toolkit() != Toolkit::kTf1) {
    findings = OfMissingSlots(evidence);
  }
  const bool is_optimizers =
      !SurplusKinds(evidence).empty() ||
      !SlotsOfOtherOptimizers(evidence, /*of_expected=*/false).empty();
  for (size_t i : evidence.Of("unexpected-variable")) {
    bool is_slot = evidence.finding(i).actual->role == Role::kSlot;
    if (is_slot && !is_optimizers) findings.push_back(i);
  }
  const std::vector<size_t> misplaced = MisplacedSlots(evidence);
  findings.insert(findings.end(), misplaced.begin(), misplaced.end());
  std::vector<size_t> moved = MovedSlots(evidence);
  if (AreIndexesOnly(evidence, moved)) {
    findings.insert(findings.end(), moved.begin(), moved.end());
  }
  if (findings.empty()) return {};
  const std::vector<std::string> owners = OwnersOf(evidence, findings);
  std::string fix =
      evidence.toolkit() == Toolkit::kTorch
          ? "freeze what was frozen and give the optimizer the same parameters "
            "in the same groups and order, or restore without it"
          : "set trainable as it was before compiling, or restore without the "
            "optimizer";
  return Explain(0.94, std::move(findings),
                 fmt::format("Other variables are trained than before the "
                             "save: the optimizer state of {} differs.",
                             Listed(owners)),
                 std::move(fix));
}

}  // namespace

extern const Cause kTrainableSetChanged = {
    .info = {.id = "trainable-set-changed",
             .group = "optimizer",
             .harmless = false,
             .summary = "other variables are trained than when the checkpoint "
                        "was written",
             .help = "Holds where some variables have optimizer state in the "
                     "checkpoint and others that the model trains have none, or"
                     " the reverse, or the same state stands at other places of"
                     " a list: layers were frozen or unfrozen, parameter groups"
                     " or their order changed."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
