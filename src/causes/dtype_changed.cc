#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("dtype-mismatch");
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  const std::string& have = first.actual->dtype;
  const std::string& want = first.expected->dtype;
  std::string fix;
  switch (evidence.toolkit()) {
    case Toolkit::kTorch:
      fix = fmt::format(
          "load_state_dict casts by itself; to keep the type of "
          "the file: model.to(torch.{})",
          have);
      break;
    case Toolkit::kKeras:
      fix = fmt::format(
          "build the model with dtype=\"{}\" (or the policy it "
          "was saved with); Keras casts while loading",
          have);
      break;
    case Toolkit::kTf1:
    case Toolkit::kTf2:
      fix = fmt::format(
          "TensorFlow does not cast: make the variables with "
          "dtype=tf.{}, restore, then tf.cast to {}",
          have, want);
      break;
    default:
      fix = fmt::format("cast while loading: array.astype(\"{}\")", want);
  }
  return Explain(0.94, findings,
                 fmt::format("{} another type: {} is {} in the checkpoint and "
                             "{} in the model.",
                             Count(findings.size(), "array has", "arrays have"),
                             first.expected->name, have, want),
                 std::move(fix));
}

}  // namespace

extern const Cause kDtypeChanged = {
    .info = {.id = "dtype-changed",
             .group = "shapes",
             .harmless = false,
             .summary = "arrays are stored in another element type",
             .help = "Holds where pairs differ in their element type: the model"
                     " or the checkpoint was cast (half precision, bfloat16, a "
                     "mixed-precision policy, quantization)."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
