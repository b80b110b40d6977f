#include <fmt/format.h>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings =
      evidence.OfAny({"checksum-mismatch", "truncated-data", "unwritten-data",
                      "overlapping-tensors"});
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("The file is damaged: {}{}.", first.where,
                  first.where.empty() ? "" : ": ", first.message);
  return Explain(0.98, std::move(findings), std::move(summary),
                 "copy or download it again, or restore an earlier checkpoint; "
                 "do not read a checkpoint while it is written");
}

bool Recognizes(const Error& error) {
  return error.code == ErrorCode::kCorrupt;
}

}  // namespace

extern const Cause kDamagedFile = {
    .info = {.id = "damaged-file",
             .group = "files",
             .harmless = false,
             .summary = "the bytes of the file are not what was written",
             .help = "Holds where data is cut off, does not match its "
                     "checksums, was never written or overlaps: an unfinished "
                     "write or download, a full disk, two saves mixed."},
    .diagnose = DiagnoseIt,
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
