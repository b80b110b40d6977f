// One JSON document: for a program that reads it whole.

#include "report/json_documents.h"
#include "report/reporter.h"

namespace ckptdiff {
namespace {

using Form = JsonWriter::Form;

// An object for one source, an array for several.
std::string Layouts(const std::vector<Layout>& layouts, const Style& style) {
  JsonWriter json;
  if (style.is_batch) json.BeginArray(Form::kLines);
  for (const Layout& layout : layouts) WriteLayoutDocument(layout, &json);
  if (style.is_batch) json.EndArray();
  return json.Take();
}

std::string WriteReport(const Report& report, const Style&) {
  JsonWriter json;
  WriteReportDocument(report, &json);
  return json.Take();
}

// "ckptdiff/audit/v1" (schemas/audit-v1.schema.json) is written as it comes:
// head and tail are what stands around the reports.
std::string AuditHead(const Style&) {
  JsonWriter json;
  json.BeginObject(Form::kLines);
  WriteSchemaAndTool("ckptdiff/audit/v1", &json);
  json.Key("reports");
  json.BeginArray(Form::kLines);
  return json.TakeOpen();
}

std::string AuditItem(const Report& report, bool is_first, const Style&) {
  JsonWriter json(/*one_line=*/true);
  WriteReportDocument(report, &json);
  return (is_first ? "\n    " : ",\n    ") + json.TakeOpen();
}

std::string AuditTail(const AuditSummary& summary, const Style&) {
  JsonWriter json;
  json.BeginObject();
  json.Key("checkpoints"), json.Unsigned(summary.checkpoints);
  json.Key("clean"), json.Unsigned(summary.clean);
  json.Key("findings"), json.Unsigned(summary.findings);
  json.Key("unreadable"), json.Unsigned(summary.unreadable);
  json.Key("skipped"), json.Unsigned(summary.skipped);
  json.Key("rules");
  json.BeginObject();
  for (const AuditSummary::RuleCount& count : summary.rules) {
    json.Key(count.rule);
    json.BeginObject();
    json.Key("error"), json.Unsigned(count.errors);
    json.Key("warning"), json.Unsigned(count.warnings);
    json.Key("note"), json.Unsigned(count.notes);
    json.Key("checkpoints"), json.Unsigned(count.checkpoints);
    json.EndObject();
  }
  json.EndObject();
  json.EndObject();
  bool is_empty = summary.checkpoints == 0;
  return (is_empty ? "],\n  \"summary\": " : "\n  ],\n  \"summary\": ") +
         json.TakeOpen() + "\n}\n";
}

}  // namespace

extern const Reporter kJson = {
    .id = "json",
    .summary = "one JSON document",
    .layouts = Layouts,
    .report = WriteReport,
    .audit_head = AuditHead,
    .audit_item = AuditItem,
    .audit_tail = AuditTail,
};

}  // namespace ckptdiff
