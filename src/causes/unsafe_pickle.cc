#include <fmt/format.h>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("unsafe-pickle");
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("Loading the file would run code that it names: {}{}.",
                  first.where, first.where.empty() ? "" : ": ", first.message);
  return Explain(0.9, findings, std::move(summary),
                 "save the state_dict alone: torch.save(model.state_dict(), "
                 "path); torch.load(path, weights_only=True) refuses this one");
}

}  // namespace

extern const Cause kUnsafePickleCause = {
    .info = {.id = "unsafe-pickle",
             .group = "files",
             .harmless = false,
             .summary = "the file names code that loading would run",
             .help = "Holds where a pickle holds more than tensors and plain "
                     "containers: a whole model (torch.save(model)), a "
                     "configuration object, or something hostile."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
