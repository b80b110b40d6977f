#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/columns.h"
#include "base/text.h"
#include "report/reporter.h"

namespace ckptdiff {

void AddHanging(size_t indent, std::string_view head, std::string_view text,
                const Style& style, std::string* out) {
  size_t column = indent + DisplayWidth(head);
  auto width = static_cast<size_t>(style.width);
  // A head that leaves no room stands alone.
  bool is_narrow = column + 16 > width;
  std::string left = std::string(indent, ' ') + std::string(head);
  if (is_narrow && !head.empty()) {
    left.erase(left.find_last_not_of(' ') + 1);
    for (const std::string& line : WrapText(left, width)) *out += line + "\n";
    column = std::min(indent + 2, width / 4);
    left = std::string(column, ' ');
  }
  size_t room = width > column + 8 ? width - column : 8;
  for (const std::string& line : WrapText(text, room)) {
    std::string whole = left + line;
    whole.erase(whole.find_last_not_of(' ') + 1);
    *out += whole + "\n";
    left = std::string(column, ' ');
  }
}

std::string Described(const SourceInfo& source) {
  std::string text = Printable(source.path);
  std::vector<std::string> facts;
  if (!source.format.empty()) facts.push_back(source.format);
  if (!source.writer.empty()) facts.push_back(Printable(source.writer));
  if (!facts.empty()) text += fmt::format(" ({})", fmt::join(facts, ", "));
  if (!source.resolved.empty() && source.resolved != source.path) {
    text += fmt::format(" → {}", Printable(source.resolved));
  }
  return text;
}

std::string CountsOf(const ReportSummary& summary) {
  std::vector<std::string> parts;
  auto add = [&parts](uint64_t count, std::string_view word) {
    if (count > 0) parts.push_back(Count(count, word));
  };
  add(summary.errors, "error");
  add(summary.warnings, "warning");
  add(summary.notes, "note");
  return fmt::format("{}", fmt::join(parts, ", "));
}

extern const Reporter kText = {
    .id = "text",
    .summary = "for people",
    .layouts = LayoutsAsText,
    .report = ReportAsText,
    .audit_head = AuditHeadAsText,
    .audit_item = AuditItemAsText,
    .audit_tail = AuditTailAsText,
};

}  // namespace ckptdiff
