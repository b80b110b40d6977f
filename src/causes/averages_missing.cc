#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

bool IsAverage(const FindingSide& side) {
  return side.role == Role::kAverage ||
         side.name.ends_with("/ExponentialMovingAverage");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  for (size_t i : evidence.Of("missing-variable")) {
    if (IsAverage(*evidence.finding(i).expected)) findings.push_back(i);
  }
  if (findings.empty()) return {};
  const std::vector<std::string> names = NamesOf(evidence, findings);
  std::string fix =
      evidence.toolkit() == Toolkit::kTf1
          ? "restore the plain variables (tf.compat.v1.train.Saver() instead "
            "of "
            "Saver(ema.variables_to_restore())), or train with the averages "
            "and "
            "save them"
          : "load the plain weights, or switch the average on while training "
            "and save it";
  return Explain(0.97, std::move(findings),
                 fmt::format("The model asks for moving averages that the "
                             "checkpoint does not keep: {}.",
                             Listed(names)),
                 std::move(fix));
}

}  // namespace

extern const Cause kAveragesMissing = {
    .info = {.id = "averages-missing",
             .group = "tracking",
             .harmless = false,
             .summary = "moving averages are asked for that were never kept",
             .help = "Holds where the model asks for moving averages "
                     "(ExponentialMovingAverage, an EMA copy) and the "
                     "checkpoint has the plain variables only."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
