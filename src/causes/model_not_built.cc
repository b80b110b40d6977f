#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/common_ground.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  if (WeightsOf(comparison.expected()) > 0) return {};
  std::string fix;
  switch (evidence.toolkit()) {
    case Toolkit::kKeras:
    case Toolkit::kTf2:
      fix =
          "build the model before loading: model.build(input_shape), or call "
          "it once on a batch";
      break;
    case Toolkit::kTorch:
      fix = "run one batch through the lazy modules before loading";
      break;
    default: fix = "initialise the model before exporting its layout"; break;
  }
  std::vector<size_t> findings = evidence.Of("unexpected-variable");
  const std::vector<size_t>& layers = evidence.Of("unexpected-layer");
  findings.insert(findings.end(), layers.begin(), layers.end());
  return Explain(0.95, std::move(findings),
                 fmt::format("The model has no variables yet, the checkpoint "
                             "holds {}.",
                             Count(WeightsOf(comparison.actual()), "variable")),
                 std::move(fix));
}

}  // namespace

extern const Cause kModelNotBuilt = {
    .info = {.id = "model-not-built",
             .group = "tracking",
             .harmless = false,
             .summary = "the model has no variables yet",
             .help = "Holds where the expected side has no weights at all, or "
                     "knows its layers and not their variables, and the "
                     "checkpoint has weights: a subclassed or deferred Keras "
                     "model before its first call, a lazy module."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
