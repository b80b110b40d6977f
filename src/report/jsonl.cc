// One JSON document a line, nothing else: for scripts and streams.

#include "report/json_documents.h"
#include "report/reporter.h"

namespace ckptdiff {
namespace {

std::string Layouts(const std::vector<Layout>& layouts, const Style&) {
  std::string lines;
  for (const Layout& layout : layouts) {
    JsonWriter json(/*one_line=*/true);
    WriteLayoutDocument(layout, &json);
    lines += json.Take();
  }
  return lines;
}

std::string WriteReport(const Report& report, const Style&) {
  JsonWriter json(/*one_line=*/true);
  WriteReportDocument(report, &json);
  return json.Take();
}

std::string Nothing(const Style&) { return {}; }

std::string AuditItem(const Report& report, bool, const Style& style) {
  return WriteReport(report, style);
}

std::string NoTail(const AuditSummary&, const Style&) { return {}; }

}  // namespace

extern const Reporter kJsonl = {
    .id = "jsonl",
    .summary = "one JSON document a line",
    .layouts = Layouts,
    .report = WriteReport,
    .audit_head = Nothing,
    .audit_item = AuditItem,
    .audit_tail = NoTail,
};

}  // namespace ckptdiff
