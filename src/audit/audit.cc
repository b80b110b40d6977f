// Walk, read, compare, tell: one report per checkpoint, in order.

#include "ckptdiff/audit.h"

#include <algorithm>
#include <map>
#include <set>

#include "audit/walk.h"
#include "base/parallel.h"
#include "ckptdiff/read.h"
#include "ckptdiff/unreadable.h"

namespace ckptdiff {
namespace {

// An unreadable checkpoint is a finding of that checkpoint, and goes by its
// path: the report names it though its layout is unknown.
Report Unreadable(const Found& found, const Error& error,
                  const AuditOptions& options) {
  SideSummary side;
  side.source.path = found.path;
  side.source.format = found.format;
  std::optional<SideSummary> expected;
  if (options.expected != nullptr) expected = Summarize(*options.expected);
  Report report = UnreadableReport("audit", error, side, expected);
  report.diagnoses = DiagnoseUnreadable(error);
  for (const auto& [rule, severity] : options.compare.severities) {
    if (rule == report.findings[0].rule) report.findings[0].severity = severity;
  }
  Severity severity = report.findings[0].severity;
  report.summary.errors = severity == Severity::kError;
  report.summary.warnings = severity == Severity::kWarning;
  report.summary.notes = severity == Severity::kNote;
  if (severity == Severity::kOff) {
    report.findings.clear();
    report.diagnoses.clear();
  }
  return report;
}

Report Judge(const Found& found, const AuditOptions& options) {
  if (found.error) return Unreadable(found, *found.error, options);
  Result<Layout> layout =
      ReadLayout(found.path, {.as = ReadOptions::As::kCheckpoint});
  if (!layout.ok()) return Unreadable(found, layout.error(), options);
  if (options.expected == nullptr) {
    return Examine(layout.value(), options.compare);
  }
  Result<Report> report =
      Compare(layout.value(), *options.expected, options.compare);
  if (!report.ok()) return Unreadable(found, report.error(), options);
  return std::move(report).value();
}

class Totals {
 public:
  void Add(const Report& report) {
    ++summary_.checkpoints;
    switch (report.status) {
      case Report::Status::kClean: ++summary_.clean; break;
      case Report::Status::kFindings: ++summary_.findings; break;
      case Report::Status::kUnreadable: ++summary_.unreadable; break;
    }
    std::set<std::string> seen;
    for (const Finding& finding : report.findings) {
      AuditSummary::RuleCount& count = rules_[finding.rule];
      count.errors += finding.severity == Severity::kError;
      count.warnings += finding.severity == Severity::kWarning;
      count.notes += finding.severity == Severity::kNote;
      count.checkpoints += seen.insert(finding.rule).second;
    }
  }
  AuditSummary Take(uint64_t skipped) {
    summary_.skipped = skipped;
    for (auto& [rule, count] : rules_) {
      count.rule = rule;
      summary_.rules.push_back(std::move(count));
    }
    return std::move(summary_);
  }

 private:
  AuditSummary summary_;
  std::map<std::string, AuditSummary::RuleCount> rules_;
};

}  // namespace

Result<AuditSummary> Audit(const std::vector<std::string>& paths,
                           const AuditOptions& options,
                           const std::function<void(const Report&)>& sink) {
  Result<Walk> walk = FindCheckpoints(paths);
  if (!walk.ok()) return walk.error();
  const std::vector<Found>& found = walk.value().found;
  auto progress = [&](size_t done) {
    if (options.progress) options.progress(done, found.size());
  };
  Totals totals;
  progress(0);
  MapInOrder(
      found.size(), options.jobs,
      [&](size_t i) { return Judge(found[i], options); },
      [&](size_t i, const Report& report) {
        totals.Add(report);
        sink(report);
        progress(i + 1);
      });
  return totals.Take(walk.value().skipped);
}

}  // namespace ckptdiff
