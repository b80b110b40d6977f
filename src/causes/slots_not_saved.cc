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
  const OptimizerState state(evidence.comparison());
  if (!state.is_missing() || KnowsAnOptimizer(evidence.comparison())) return {};
  std::vector<size_t> findings = OfMissingSlots(evidence);
  const std::vector<std::string> slots =
      NamesOf(evidence, evidence.Of("missing-slot"));
  std::string summary =
      slots.empty()
          ? std::string("The checkpoint holds weights only.")
          : fmt::format(
                "The checkpoint holds weights only; the optimizer asks "
                "for {}: {}.",
                Count(slots.size(), "slot"), Listed(slots));
  std::string how_to_save;
  switch (evidence.toolkit()) {
    case Toolkit::kTorch:
      how_to_save =
          "torch.save({\"model\": model.state_dict(), "
          "\"optimizer\": optimizer.state_dict()}, path)";
      break;
    case Toolkit::kTf1:
      how_to_save = "tf.compat.v1.train.Saver() over all global variables";
      break;
    case Toolkit::kTf2:
      how_to_save = "tf.train.Checkpoint(model=model, optimizer=optimizer)";
      break;
    case Toolkit::kKeras: how_to_save = "model.save(path)"; break;
    default: how_to_save = "the whole training state"; break;
  }
  return Explain(
      0.95, std::move(findings), std::move(summary),
      fmt::format("{}; next time save {}",
                  HowToSkipTheOptimizer(evidence.toolkit()), how_to_save));
}

}  // namespace

extern const Cause kSlotsNotSaved = {
    .info = {.id = "slots-not-saved",
             .group = "optimizer",
             .harmless = false,
             .summary = "weights only: the optimizer was not saved",
             .help = "Holds where the model's optimizer expects slots and the "
                     "checkpoint holds nothing of an optimizer."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
