#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/optimizer_findings.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  for (size_t i : evidence.Of("optimizer-mismatch")) {
    if (!evidence.finding(i).expected) findings.push_back(i);
  }
  std::vector<std::string> unused = NamesOf(evidence, findings);
  for (size_t i : SlotsOfOtherOptimizers(evidence, /*of_expected=*/false)) {
    findings.push_back(i);
    const std::string& id = evidence.finding(i).actual->slot->optimizer;
    if (std::find(unused.begin(), unused.end(), id) == unused.end()) {
      unused.push_back(id);
    }
  }
  if (findings.empty()) return {};
  std::string fix = fmt::format(
      "nothing; {}", evidence.toolkit() == Toolkit::kTf2
                         ? kTf2OnUnusedValues
                         : "strict restores of the whole tree would refuse it");
  return Explain(0.97, findings,
                 fmt::format("The checkpoint also holds the state of {}, which "
                             "the model does not use. Harmless.",
                             Listed(unused)),
                 std::move(fix));
}

}  // namespace

extern const Cause kUnusedOptimizerState = {
    .info = {.id = "unused-optimizer-state",
             .group = "optimizer",
             .harmless = true,
             .summary = "the checkpoint holds optimizer state that nobody asks "
                        "for",
             .help = "Holds where the model has no optimizer and the checkpoint"
                     " the state of one: a training checkpoint is loaded for "
                     "inference. Usual loaders leave it alone; "
                     "tf.train.Checkpoint warns when it is deleted, and "
                     "assert_consumed() refuses it."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
