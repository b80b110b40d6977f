// "ckptdiff/report/v1": schemas/report-v1.schema.json.

#include "report/json_documents.h"

namespace ckptdiff {
namespace {

using Form = JsonWriter::Form;

void WriteSideSummary(const std::optional<SideSummary>& side,
                      JsonWriter* json) {
  if (!side) return json->Null();
  json->BeginObject();
  WriteSourceMembers(side->source, json);
  json->Key("variables"), json->Unsigned(side->variables);
  json->Key("slots"), json->Unsigned(side->slots);
  json->Key("parameters"), json->Unsigned(side->parameters);
  json->Key("bytes"), json->Unsigned(side->bytes);
  json->EndObject();
}

void WriteSummary(const ReportSummary& summary, JsonWriter* json) {
  json->BeginObject();
  json->Key("matched"), json->Unsigned(summary.matched);
  json->Key("missing"), json->Unsigned(summary.missing);
  json->Key("unexpected"), json->Unsigned(summary.unexpected);
  json->Key("renamed"), json->Unsigned(summary.renamed);
  json->Key("untracked"), json->Unsigned(summary.untracked);
  json->Key("shape"), json->Unsigned(summary.shape);
  json->Key("dtype"), json->Unsigned(summary.dtype);
  json->Key("slots"), json->Unsigned(summary.slots);
  json->Key("ignored"), json->Unsigned(summary.ignored);
  json->Key("baselined"), json->Unsigned(summary.baselined);
  json->Key("errors"), json->Unsigned(summary.errors);
  json->Key("warnings"), json->Unsigned(summary.warnings);
  json->Key("notes"), json->Unsigned(summary.notes);
  json->EndObject();
}

void WriteDiagnosis(const Diagnosis& diagnosis, JsonWriter* json) {
  json->BeginObject();
  json->Key("cause"), json->Text(diagnosis.cause);
  json->Key("confidence"), json->Share(diagnosis.confidence);
  json->Key("harmless"), json->Bool(diagnosis.harmless);
  json->Key("summary"), json->Text(diagnosis.summary);
  json->Key("fix"), json->Text(diagnosis.fix);
  json->Key("patterns");
  json->BeginArray();
  for (const Pattern& pattern : diagnosis.patterns) {
    json->BeginObject();
    json->Key("from"), json->Text(pattern.from);
    json->Key("to"), json->Text(pattern.to);
    json->Key("count"), json->Unsigned(pattern.count);
    json->EndObject();
  }
  json->EndArray();
  json->Key("findings");
  json->BeginArray();
  for (size_t position : diagnosis.findings) json->Unsigned(position);
  json->EndArray();
  json->EndObject();
}

void WriteSide(const std::optional<FindingSide>& side, JsonWriter* json) {
  if (!side) return json->Null();
  json->BeginObject();
  json->Key("name"), json->Text(side->name);
  json->Key("key"), json->TextOrNull(side->key);
  json->Key("shape"), WriteShape(side->shape, json);
  json->Key("dtype"), json->TextOrNull(side->dtype);
  json->Key("role"), json->Text(ToString(side->role));
  if (!side->layer.empty()) json->Key("layer"), json->Text(side->layer);
  if (side->slot) json->Key("slot"), WriteSlot(*side->slot, json);
  json->EndObject();
}

void WriteParts(const Parts& parts, JsonWriter* json) {
  json->BeginObject();
  json->Key("actual"), WriteTexts(parts.actual, json);
  json->Key("expected"), WriteTexts(parts.expected, json);
  json->Key("how"), json->Text(parts.how);
  json->EndObject();
}

void WriteCandidates(const std::vector<Candidate>& candidates,
                     JsonWriter* json) {
  json->BeginArray();
  for (const Candidate& candidate : candidates) {
    json->BeginObject();
    json->Key("name"), json->Text(candidate.name);
    json->Key("key"), json->TextOrNull(candidate.key);
    json->EndObject();
  }
  json->EndArray();
}

void WriteFinding(const Finding& finding, JsonWriter* json) {
  json->BeginObject();
  json->Key("id"), json->Text(finding.id);
  json->Key("rule"), json->Text(finding.rule);
  json->Key("severity"), json->Text(ToString(finding.severity));
  json->Key("actual"), WriteSide(finding.actual, json);
  json->Key("expected"), WriteSide(finding.expected, json);
  if (finding.confidence) {
    json->Key("confidence"), json->Share(*finding.confidence);
  }
  if (!finding.evidence.empty()) {
    json->Key("evidence"), WriteTexts(finding.evidence, json);
  }
  if (!finding.transform.empty()) {
    json->Key("transform"), json->Text(finding.transform);
  }
  if (finding.parts) json->Key("parts"), WriteParts(*finding.parts, json);
  if (!finding.candidates.empty()) {
    json->Key("candidates"), WriteCandidates(finding.candidates, json);
  }
  if (!finding.where.empty()) json->Key("where"), json->Text(finding.where);
  json->Key("message"), json->Text(finding.message);
  json->Key("hint"), json->Text(finding.hint);
  json->EndObject();
}

void WritePair(const ReportPair& pair, JsonWriter* json) {
  json->BeginObject();
  json->Key("actual"), json->Text(pair.actual);
  json->Key("actual_key"), json->TextOrNull(pair.actual_key);
  json->Key("expected"), json->Text(pair.expected);
  json->Key("expected_key"), json->TextOrNull(pair.expected_key);
  json->Key("how"), json->Text(pair.how);
  json->Key("transform"), json->TextOrNull(pair.transform);
  json->Key("confidence"), json->Share(pair.confidence);
  json->EndObject();
}

// An array whose elements stand on a line each.
template <typename T>
void WriteLines(const std::vector<T>& items,
                void (*write)(const T&, JsonWriter*), JsonWriter* json) {
  json->BeginArray(Form::kLines);
  for (const T& item : items) write(item, json);
  json->EndArray();
}

}  // namespace

void WriteSchemaAndTool(std::string_view schema, JsonWriter* json) {
  json->Key("schema"), json->Text(schema);
  json->Key("tool");
  json->BeginObject();
  json->Key("name"), json->Text("ckptdiff");
  json->Key("version"), json->Text(Version());
  json->EndObject();
}

void WriteReportDocument(const Report& report, JsonWriter* json) {
  json->BeginObject(Form::kLines);
  WriteSchemaAndTool("ckptdiff/report/v1", json);
  json->Key("command"), json->Text(report.command);
  json->Key("status"), json->Text(ToString(report.status));
  json->Key("actual"), WriteSideSummary(report.actual, json);
  json->Key("expected"), WriteSideSummary(report.expected, json);
  json->Key("summary"), WriteSummary(report.summary, json);
  json->Key("diagnoses"), WriteLines(report.diagnoses, WriteDiagnosis, json);
  json->Key("findings"), WriteLines(report.findings, WriteFinding, json);
  if (report.pairs) {
    json->Key("pairs"), WriteLines(*report.pairs, WritePair, json);
  }
  json->EndObject();
}

}  // namespace ckptdiff
