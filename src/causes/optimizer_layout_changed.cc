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
  std::vector<size_t> moved = MovedSlots(evidence);
  if (moved.empty() || AreIndexesOnly(evidence, moved)) return {};
  const bool is_scope = evidence.toolkit() == Toolkit::kTf1 &&
                        evidence.names().of_slots() &&
                        !evidence.names().Of({ChangeKind::kPrefix}).empty();
  if (is_scope) return {};  // of the optimizer, and said so
  const Finding& first = evidence.finding(moved.front());
  const bool by_name = first.actual->name != first.expected->name;
  std::string summary =
      fmt::format("{} elsewhere than the optimizer looks: {} is {}.",
                  Count(moved.size(), "slot stands", "slots stand"),
                  by_name ? first.actual->name : first.actual->key,
                  by_name ? first.expected->name : first.expected->key);
  std::string fix;
  switch (evidence.toolkit()) {
    case Toolkit::kKeras:
    case Toolkit::kTf2:
      fix =
          "use the optimizer class of the writer "
          "(tf.keras.optimizers.legacy.Adam against "
          "tf.keras.optimizers.Adam), or restore without it";
      break;
    case Toolkit::kFlax:
      fix =
          "build the optax chain as it was, or move the subtree of opt_state "
          "before from_state_dict";
      break;
    case Toolkit::kTf1:
      fix = HowToRename(evidence, PatternsFor(evidence, moved));
      break;
    default: fix = HowToSkipTheOptimizer(evidence.toolkit());
  }
  return Explain(0.9, std::move(moved), std::move(summary), std::move(fix));
}

}  // namespace

extern const Cause kOptimizerLayoutChanged = {
    .info = {.id = "optimizer-layout-changed",
             .group = "optimizer",
             .harmless = false,
             .summary = "the same optimizer state is laid out otherwise",
             .help = "Holds where slots of variables that kept their names "
                     "stand elsewhere: legacy and new Keras optimizers, TF1 and"
                     " TF2, a chain of optax transformations with one more "
                     "step, another name of the optimizer."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
