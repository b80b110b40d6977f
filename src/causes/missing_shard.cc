#include <fmt/format.h>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  for (std::string_view rule : {"missing-shard"}) {
    const std::vector<size_t>& more = evidence.Of(rule);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("A part of the checkpoint is not there: {}{}.", first.where,
                  first.where.empty() ? "" : ": ", first.message);
  for (std::string_view rule : {"missing-variable", "missing-layer",
                                "missing-slot", "missing-optimizer"}) {
    const std::vector<size_t>& more = evidence.Of(rule);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return Explain(0.99, std::move(findings), std::move(summary),
                 "copy or download the missing file into the same directory, "
                 "under the name that the index has");
}

}  // namespace

extern const Cause kMissingShardCause = {
    .info = {.id = "missing-shard",
             .group = "files",
             .harmless = false,
             .summary = "a file of the checkpoint is not there",
             .help = "Holds where the index names a file that does not exist; "
                     "then whatever it should hold is missing too."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
