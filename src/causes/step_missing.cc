#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("missing-step");
  if (findings.empty()) return {};
  const std::string& name = evidence.finding(findings.front()).expected->name;
  std::string fix =
      evidence.toolkit() == Toolkit::kTf1
          ? fmt::format(
                "leave {} out: tf.compat.v1.train.Saver([v for v in "
                "tf.compat.v1.global_variables() if v.op.name != "
                "\"{}\"]), and initialise it",
                name, name)
          : fmt::format("set {} by hand after loading", name);
  return Explain(0.92, findings,
                 fmt::format("The checkpoint does not hold the step {}.", name),
                 std::move(fix));
}

}  // namespace

extern const Cause kStepMissing = {
    .info = {.id = "step-missing",
             .group = "tracking",
             .harmless = false,
             .summary = "the global step was not saved",
             .help = "Holds where the model expects a global step of its own "
                     "and the checkpoint has none: it was written by another "
                     "Saver, or holds published weights."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
