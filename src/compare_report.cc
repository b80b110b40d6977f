#include "compare_report.h"

#include <string_view>

#include "rules/renames.h"
#include "rules/rule.h"

namespace ckptdiff {
namespace {

void CountSeverities(const std::vector<Finding>& findings,
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

// Which number of the summary counts the findings of a rule.
uint64_t* CounterOf(std::string_view rule, ReportSummary* summary) {
  if (rule == "missing-variable") return &summary->missing;
  if (rule == "unexpected-variable") return &summary->unexpected;
  if (rule == "renamed-variable") return &summary->renamed;
  if (rule == "untracked-variable") return &summary->untracked;
  if (rule == "shape-mismatch") return &summary->shape;
  if (rule == "dtype-mismatch") return &summary->dtype;
  if (FindRule(rule)->info.subject == "optimizer") return &summary->slots;
  return nullptr;
}

void CountRules(const Comparison& comparison,
                const std::vector<Finding>& findings, ReportSummary* summary) {
  std::vector<bool> has_finding(comparison.expected().variables.size());
  for (const Finding& finding : findings) {
    if (uint64_t* counter = CounterOf(finding.rule, summary)) ++*counter;
    if (!finding.expected) continue;
    size_t variable = finding.expected->variable;
    if (variable < has_finding.size()) has_finding[variable] = true;
  }
  for (const Pair& pair : comparison.pairing().pairs) {
    if (!IsWeight(comparison.expected(pair.expected))) continue;
    if (!has_finding[pair.expected]) ++summary->matched;
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
  const Renames renames(comparison);
  for (const Pair& pair : comparison.pairing().pairs) {
    add(pair.actual, pair.expected, renames.Told(pair), pair.transform,
        pair.confidence);
  }
  for (const Group& group : comparison.pairing().groups) {
    How how = IsFused(group) ? How::kFused : How::kSplit;
    for (size_t e : group.expected) {
      for (size_t a : group.actual) {
        add(a, e, how, group.method, group.confidence);
      }
    }
  }
  return pairs;
}

void SettleStatus(Report* report) {
  CountSeverities(report->findings, &report->summary);
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
  report.summary.ignored = selection.ignored();
  CountRules(comparison, report.findings, &report.summary);
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
