#include <fmt/format.h>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("stale-state-file");
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("The index does not describe the files beside it: {}{}.",
                  first.where, first.where.empty() ? "" : ": ", first.message);
  return Explain(
      0.96, findings, std::move(summary),
      "save again, or name the file itself instead of the directory");
}

}  // namespace

extern const Cause kStaleIndex = {
    .info = {.id = "stale-index",
             .group = "files",
             .harmless = false,
             .summary = "an index or state file speaks of other files than "
                        "those beside it",
             .help = "Holds where a `checkpoint` state file or an index json "
                     "does not agree with the files beside it: they were moved,"
                     " replaced or written by two saves."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
