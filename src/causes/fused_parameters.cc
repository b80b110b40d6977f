#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::string Code(const Evidence& evidence, const Finding& finding,
                 bool is_fused) {
  const bool is_torch = evidence.toolkit() == Toolkit::kTorch;
  const size_t parts =
      is_fused ? finding.parts->expected.size() : finding.parts->actual.size();
  size_t at = finding.parts->how.rfind("axis ");
  std::string axis =
      at == std::string::npos ? "0" : finding.parts->how.substr(at + 5);
  if (!is_fused) {
    return is_torch ? fmt::format("torch.cat([...], dim={})", axis)
                    : fmt::format("np.concatenate([...], axis={})", axis);
  }
  return is_torch ? fmt::format("torch.chunk(array, {}, dim={})", parts, axis)
                  : fmt::format("np.split(array, {}, axis={})", parts, axis);
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& fused = evidence.Of("fused-variable");
  const std::vector<size_t>& split = evidence.Of("split-variable");
  if (fused.empty() && split.empty()) return {};
  const bool is_fused = !fused.empty();
  const Finding& first =
      evidence.finding(is_fused ? fused.front() : split.front());
  std::vector<size_t> findings = fused;
  findings.insert(findings.end(), split.begin(), split.end());
  std::string summary = fmt::format(
      "{} {} in the checkpoint and apart in the {}: {} is {} ({}).",
      Count(findings.size(), "group of parameters is",
            "groups of parameters are"),
      is_fused ? "fused" : "apart", is_fused ? "model" : "fused",
      is_fused ? first.actual->name : first.expected->name,
      Listed(is_fused ? first.parts->expected : first.parts->actual),
      first.parts->how);
  if (!is_fused) {
    summary = fmt::format(
        "{} apart in the checkpoint and fused in the model: {} is {} ({}).",
        Count(findings.size(), "group of parameters is",
              "groups of parameters are"),
        first.expected->name, Listed(first.parts->actual), first.parts->how);
  }
  return Explain(0.95, std::move(findings), std::move(summary),
                 fmt::format("{} while loading, as `parts` of each finding "
                             "says (unequal parts by their sizes): {}",
                             is_fused ? "split" : "concatenate",
                             Code(evidence, first, is_fused)));
}

}  // namespace

extern const Cause kFusedParameters = {
    .info = {.id = "fused-parameters",
             .group = "shapes",
             .harmless = false,
             .summary = "parameters are stored in one array on one side and "
                        "apart on the other",
             .help = "Holds where groups of variables are the parts of one: "
                     "query, key and value in qkv, gate and up in gate_up, the "
                     "experts of a layer in one stack."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
