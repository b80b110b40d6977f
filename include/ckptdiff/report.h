// The outcome of a comparison or a verification, and the forms it is written
// in. The JSON form is "ckptdiff/report/v1".

#ifndef CKPTDIFF_REPORT_H_
#define CKPTDIFF_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/diagnosis.h"
#include "ckptdiff/finding.h"
#include "ckptdiff/layout.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

// The program's, as in reports: "0.1.0".
std::string_view Version();

// One side in the head of a report. Counts are of roles weight and average,
// `slots` of role slot.
struct SideSummary {
  SourceInfo source;
  uint64_t variables = 0;
  uint64_t slots = 0;
  uint64_t parameters = 0;
  uint64_t bytes = 0;
};

SideSummary Summarize(const Layout& layout);

struct ReportSummary {
  uint64_t matched = 0;  // expected variables paired without any finding
  uint64_t missing = 0;
  uint64_t unexpected = 0;
  uint64_t renamed = 0;
  uint64_t untracked = 0;
  uint64_t shape = 0;
  uint64_t dtype = 0;
  uint64_t slots = 0;  // findings of the optimizer group
  uint64_t ignored = 0;
  uint64_t baselined = 0;
  uint64_t errors = 0;
  uint64_t warnings = 0;
  uint64_t notes = 0;
};

// One entry of the correspondence (`--pairs`).
struct ReportPair {
  std::string actual;
  std::string actual_key;
  std::string expected;
  std::string expected_key;
  std::string how;  // exact, canonical, renamed, fused, split
  std::string transform;
  double confidence = 1;
};

struct Report {
  enum class Status { kClean, kFindings, kUnreadable };

  std::string command;  // "check", "diff", "audit", "verify"
  Status status = Status::kClean;
  std::optional<SideSummary> actual;
  std::optional<SideSummary> expected;
  ReportSummary summary;
  std::vector<Diagnosis> diagnoses;
  std::vector<Finding> findings;
  std::optional<std::vector<ReportPair>> pairs;
};

std::string_view ToString(Report::Status status);

// A report that says only that an input could not be read. `actual` and
// `expected` stand for the sides that could; the other one is the error's.
Report UnreadableReport(std::string command, const Error& error,
                        std::optional<SideSummary> actual,
                        std::optional<SideSummary> expected);

// The highest severity among the findings; kOff where there are none.
Severity WorstSeverity(const Report& report);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_H_
