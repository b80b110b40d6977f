// The list of report forms, and the facts of a Report that need no form.

#include "ckptdiff/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "report/reporter.h"

#define CKPTDIFF_REPORTERS(X) \
  X(kText) \
  X(kJson) \
  X(kJsonl) \
  /* one line a form */

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const Reporter name;
CKPTDIFF_REPORTERS(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

const std::vector<const Reporter*>& AllReporters() {
#define CKPTDIFF_ADDRESS(name) &name,
  static const std::vector<const Reporter*> reporters = {
      CKPTDIFF_REPORTERS(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS
  return reporters;
}

const Reporter* FindReporter(std::string_view id) {
  for (const Reporter* reporter : AllReporters()) {
    if (reporter->id == id) return reporter;
  }
  return nullptr;
}

std::string_view Version() { return CKPTDIFF_VERSION; }

SideSummary Summarize(const Layout& layout) {
  SideSummary summary;
  summary.source = layout.source;
  for (const Variable& variable : layout.variables) {
    if (variable.role == Role::kSlot) ++summary.slots;
    if (variable.role != Role::kWeight && variable.role != Role::kAverage) {
      continue;
    }
    ++summary.variables;
    if (!variable.tied_to.empty()) continue;  // its storage is counted once
    summary.parameters += variable.shape.Elements().value_or(0);
    summary.bytes += variable.bytes.value_or(0);
  }
  return summary;
}

std::string_view ToString(Report::Status status) {
  switch (status) {
    case Report::Status::kClean: return "clean";
    case Report::Status::kFindings: return "findings";
    case Report::Status::kUnreadable: return "unreadable";
  }
  return "";
}

std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::kOff: return "off";
    case Severity::kNote: return "note";
    case Severity::kWarning: return "warning";
    case Severity::kError: return "error";
  }
  return "";
}

std::optional<Severity> SeverityFromString(std::string_view text) {
  for (Severity severity : {Severity::kOff, Severity::kNote, Severity::kWarning,
                            Severity::kError}) {
    if (ToString(severity) == text) return severity;
  }
  return std::nullopt;
}

Report UnreadableReport(std::string command, const Error& error,
                        std::optional<SideSummary> actual,
                        std::optional<SideSummary> expected) {
  Report report;
  report.command = std::move(command);
  report.status = Report::Status::kUnreadable;
  report.actual = std::move(actual);
  report.expected = std::move(expected);
  Finding finding;
  finding.rule = "unreadable-checkpoint";
  finding.id = fmt::format("{:016x}", HashParts({finding.rule, "", ""}));
  finding.where = error.where;
  finding.message = ToString(error);
  finding.hint = error.hint;
  report.findings.push_back(std::move(finding));
  report.summary.errors = 1;
  return report;
}

Severity WorstSeverity(const Report& report) {
  Severity worst = Severity::kOff;
  for (const Finding& finding : report.findings) {
    worst = std::max(worst, finding.severity);
  }
  return worst;
}

}  // namespace ckptdiff
