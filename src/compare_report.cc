#include "compare_report.h"

#include <algorithm>

namespace ckptdiff {
namespace {

void CountFindings(const std::vector<Finding>& findings,
                   ReportSummary* summary) {
  for (const Finding& finding : findings) {
    switch (finding.severity) {
      case Severity::kError: ++summary->errors; break;
      case Severity::kWarning: ++summary->warnings; break;
      case Severity::kNote: ++summary->notes; break;
      case Severity::kOff: break;
    }
  }
}

std::vector<ReportPair> ListPairs(const Comparison& comparison) {
  std::vector<ReportPair> pairs;
  auto add = [&](size_t a, size_t e, How how, const std::string& transform,
                 double confidence) {
    const Variable& have = comparison.actual(a);
    const Variable& want = comparison.expected(e);
    pairs.push_back({have.name, have.key, want.name, want.key,
                     std::string(ToString(how)), transform, confidence});
  };
  for (const Pair& pair : comparison.pairing().pairs) {
    add(pair.actual, pair.expected, pair.how, pair.transform, pair.confidence);
  }
  for (const Group& group : comparison.pairing().groups) {
    for (size_t e : group.expected) {
      for (size_t a : group.actual) {
        add(a, e, group.how, group.method, group.confidence);
      }
    }
  }
  return pairs;
}

void SettleStatus(Report* report) {
  CountFindings(report->findings, &report->summary);
  bool clean = report->summary.errors == 0 && report->summary.warnings == 0;
  report->status = clean ? Report::Status::kClean : Report::Status::kFindings;
}

}  // namespace

Report BuildReport(const Layout& actual, const Layout& expected,
                   const Selection& selection, const Comparison& comparison,
                   std::vector<Finding> findings,
                   std::vector<Diagnosis> diagnoses,
                   const CompareOptions& options) {
  Report report;
  report.command = options.command;
  report.actual = Summarize(actual);
  report.expected = Summarize(expected);
  report.findings = std::move(findings);
  report.diagnoses = std::move(diagnoses);
  report.summary.ignored = selection.ignored;
  if (options.with_pairs) report.pairs = ListPairs(comparison);
  SettleStatus(&report);
  return report;
}

Report BuildReport(const Layout& layout, std::vector<Finding> findings,
                   const CompareOptions& options) {
  Report report;
  report.command = options.command;
  report.actual = Summarize(layout);
  report.findings = std::move(findings);
  SettleStatus(&report);
  return report;
}

}  // namespace ckptdiff
