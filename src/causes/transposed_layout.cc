#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& moved = evidence.Of("transposed-variable");
  if (moved.empty()) return {};
  const Finding& first = evidence.finding(moved.front());
  std::vector<size_t> findings = moved;
  // A leaf that is called otherwise with it: kernel and weight.
  const std::vector<size_t> words =
      evidence.names().Of({ChangeKind::kVocabulary});
  findings.insert(findings.end(), words.begin(), words.end());
  std::string fix = fmt::format(
      "apply the transform of each finding while loading, e.g. for {}: {}",
      first.expected->name,
      first.transform == "transpose"
          ? "array.T"
          : fmt::format("array.transpose({})",
                        first.transform.starts_with("permute:")
                            ? first.transform.substr(8)
                            : first.transform));
  return Explain(
      0.94, std::move(findings),
      fmt::format("{} with other axes: {} is {} in the checkpoint "
                  "and {} in the model ({}).",
                  Count(moved.size(), "array is stored", "arrays are stored"),
                  first.expected->name, ToString(first.actual->shape),
                  ToString(first.expected->shape), first.transform),
      std::move(fix));
}

}  // namespace

extern const Cause kTransposedLayout = {
    .info = {.id = "transposed-layout",
             .group = "shapes",
             .harmless = false,
             .summary = "arrays are stored with their axes in another order",
             .help = "Holds where pairs agree but for the order of their axes: "
                     "kernels [in, out] and weights [out, in], HWIO and OIHW "
                     "convolutions, Conv1D of GPT-2 against Linear."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
