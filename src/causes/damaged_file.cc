#include <fmt/format.h>

#include <array>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  for (std::string_view rule : {"checksum-mismatch", "truncated-data",
                                "unwritten-data", "overlapping-tensors"}) {
    const std::vector<size_t>& more = evidence.Of(rule);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (findings.empty()) return {};
  const Finding& first = evidence.finding(findings.front());
  std::string summary =
      fmt::format("The file is damaged: {}{}.", first.where,
                  first.where.empty() ? "" : ": ", first.message);
  return Explain(0.98, std::move(findings), std::move(summary),
                 "copy or download it again, or restore an earlier checkpoint; "
                 "do not read a checkpoint while it is written");
}

constexpr std::array<std::string_view, 5> kPhrases = {
    "is empty", "without its end", "nothing but zeros", "too few for any",
    "bytes are lost for good"};

bool Recognizes(const Error& error) {
  return error.code == ErrorCode::kCorrupt || SaysAny(error, kPhrases);
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
