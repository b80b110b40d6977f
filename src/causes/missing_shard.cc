#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

// True where the index lists what the absent file holds: then nothing is
// missing from the listing for want of the file.
bool IsListedWithoutIt(const Layout& layout, const std::string& file) {
  return std::any_of(layout.variables.begin(), layout.variables.end(),
                     [&](const Variable& variable) {
                       return variable.data && variable.data->file == file;
                     });
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings = evidence.Of("missing-shard");
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("A part of the checkpoint is not there: {}.",
                  first.where.empty() ? first.message : first.where);
  const bool is_listed =
      IsListedWithoutIt(evidence.comparison().actual(), first.where);
  if (!is_listed) {
    findings =
        evidence.OfAny({"missing-shard", "missing-variable", "missing-layer",
                        "missing-slot", "missing-optimizer"});
  }
  return Explain(0.99, std::move(findings), std::move(summary),
                 "copy or download the missing file into the same directory, "
                 "under the name that the index has");
}

bool Recognizes(const Error& error) {
  return error.code == ErrorCode::kMissingFile;
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
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
