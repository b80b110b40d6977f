// The audit as a table: a row per checkpoint, under it why it is no clean one,
// and at the end the totals per rule.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/columns.h"
#include "base/text.h"
#include "report/paint.h"
#include "report/text.h"

namespace ckptdiff {
namespace {

constexpr size_t kStatus = 10, kVariables = 9, kBytes = 9, kFormat = 16;

std::string Row(std::string_view status, std::string_view variables,
                std::string_view bytes, std::string_view format) {
  return fmt::format("{}  {}  {}  {}  ", PadRight(status, kStatus),
                     PadLeft(variables, kVariables), PadLeft(bytes, kBytes),
                     PadRight(format, kFormat));
}

std::string_view StatusWord(const Report& report) {
  if (report.status == Report::Status::kUnreadable) return "unreadable";
  if (report.summary.errors > 0) return "errors";
  if (report.summary.warnings > 0) return "warnings";
  return "clean";
}

// What is wrong with it: why where that is known, else how often which rule.
std::vector<std::string> Reasons(const Report& report) {
  std::vector<std::string> reasons;
  std::vector<bool> explained(report.findings.size());
  for (const Diagnosis& diagnosis : report.diagnoses) {
    reasons.push_back(
        fmt::format("{} [{}]", diagnosis.summary, diagnosis.cause));
    for (size_t position : diagnosis.findings) explained[position] = true;
  }
  std::map<std::string, std::vector<const Finding*>> by_rule;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (!explained[i]) by_rule[finding.rule].push_back(&finding);
  }
  for (const auto& [rule, findings] : by_rule) {
    std::string text = findings[0]->message;
    // The row has named the path.
    std::string path =
        report.actual ? Printable(report.actual->source.path) + ": " : "";
    if (!path.empty() && text.starts_with(path)) text.erase(0, path.size());
    if (findings.size() > 1) {
      text = fmt::format("{} findings, the first: {}", findings.size(), text);
    }
    reasons.push_back(fmt::format("{} [{}]", text, rule));
  }
  return reasons;
}

}  // namespace

std::string AuditHeadAsText(const Style& style) {
  if (style.quiet) return {};
  return Paint(style.color)
             .Dim(Row("status", "variables", "bytes", "format") + "path") +
         "\n";
}

std::string AuditItemAsText(const Report& report, bool, const Style& style) {
  if (style.quiet || !report.actual) return {};
  const SideSummary& side = *report.actual;
  const Paint paint(style.color);
  bool is_known = report.status != Report::Status::kUnreadable;
  std::string status(StatusWord(report));
  std::string row =
      Row(status, is_known ? std::to_string(side.variables) : "-",
          is_known && side.bytes > 0 ? HumanBytes(side.bytes) : "-",
          side.source.format.empty() ? "-" : side.source.format);
  std::string rest = row.substr(status.size());
  std::string out;
  AddHanging(0, row, Printable(side.source.path), style, &out);
  if (out.starts_with(status)) {
    Severity worst = WorstSeverity(report);
    out.replace(0, status.size(),
                worst <= Severity::kNote ? paint.Good(status)
                                         : paint.As(worst, status));
  }
  if (report.status == Report::Status::kClean && !style.verbose) return out;
  for (const std::string& reason : Reasons(report)) {
    AddHanging(4, "", Printable(reason), style, &out);
  }
  return out;
}

std::string AuditTailAsText(const AuditSummary& summary, const Style& style) {
  std::vector<std::string> parts;
  auto add = [&parts](uint64_t count, std::string_view word) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, word));
  };
  add(summary.clean, "clean");
  add(summary.findings, "with findings");
  add(summary.unreadable, "unreadable");
  std::string line = Count(summary.checkpoints, "checkpoint");
  if (!parts.empty()) line += fmt::format(": {}", fmt::join(parts, ", "));
  if (summary.skipped > 0) {
    line += fmt::format("; {} skipped",
                        Count(summary.skipped, "model description"));
  }
  std::string out;
  if (!style.quiet && !summary.rules.empty()) {
    const Paint paint(style.color);
    out += "\n" +
           paint.Dim(PadRight("rule", 26) +
                     "  errors  warnings  notes  checkpoints") +
           "\n";
    for (const AuditSummary::RuleCount& rule : summary.rules) {
      out += fmt::format("{}  {:>6}  {:>8}  {:>5}  {:>11}\n",
                         PadRight(rule.rule, 26), rule.errors, rule.warnings,
                         rule.notes, rule.checkpoints);
    }
  }
  if (!style.quiet) out += '\n';
  AddHanging(0, "", line, style, &out);
  return out;
}

}  // namespace ckptdiff
