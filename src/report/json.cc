// The documents that programs read: "ckptdiff/layout/v1" and
// "ckptdiff/report/v1". Field names and meanings are the contract's and
// detached from the types of the program.

#include <nlohmann/json.hpp>

#include "report/reporter.h"

namespace ckptdiff {
namespace {

using Json = nlohmann::ordered_json;

Json ShapeJson(const Shape& shape) {
  if (!shape.known) return nullptr;
  Json dims = Json::array();
  for (int64_t dim : shape.dims) {
    dims.push_back(dim < 0 ? Json(nullptr) : Json(dim));
  }
  return dims;
}

Json TextOrNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json SlotJson(const Slot& slot) {
  Json json;
  json["optimizer"] = TextOrNull(slot.optimizer);
  json["slot"] = slot.slot;
  json["owner"] = slot.owner ? Json(*slot.owner) : Json(nullptr);
  if (!slot.owner_key.empty()) json["owner_key"] = slot.owner_key;
  return json;
}

Json VariableJson(const Variable& variable) {
  Json json;
  json["name"] = variable.name;
  json["key"] = TextOrNull(variable.key);
  if (!variable.keys.empty()) json["keys"] = variable.keys;
  json["shape"] = ShapeJson(variable.shape);
  json["dtype"] = TextOrNull(variable.dtype);
  if (variable.bytes) json["bytes"] = *variable.bytes;
  json["role"] = ToString(variable.role);
  if (variable.trainable) json["trainable"] = *variable.trainable;
  if (!variable.layer.empty()) json["layer"] = variable.layer;
  if (variable.slot) json["slot"] = SlotJson(*variable.slot);
  if (!variable.tied_to.empty()) json["tied_to"] = variable.tied_to;
  if (!variable.tracked) json["tracked"] = false;
  return json;
}

Json SourceJson(const SourceInfo& source) {
  Json json;
  json["path"] = source.path;
  if (!source.resolved.empty()) json["resolved"] = source.resolved;
  json["format"] = source.format;
  json["framework"] = TextOrNull(source.framework);
  json["writer"] = TextOrNull(source.writer);
  json["step"] = source.step ? Json(*source.step) : Json(nullptr);
  json["addressed_by"] = ToString(source.addressed_by);
  return json;
}

Json LayoutJson(const Layout& layout) {
  Json json;
  json["schema"] = "ckptdiff/layout/v1";
  json["source"] = SourceJson(layout.source);
  json["variables"] = Json::array();
  for (const Variable& variable : layout.variables) {
    json["variables"].push_back(VariableJson(variable));
  }
  return json;
}

std::string Layouts(const std::vector<Layout>& layouts, const Style&) {
  if (layouts.size() == 1) return LayoutJson(layouts[0]).dump(2) + "\n";
  Json all = Json::array();
  for (const Layout& layout : layouts) all.push_back(LayoutJson(layout));
  return all.dump(2) + "\n";
}

Json SideJson(const std::optional<FindingSide>& side) {
  if (!side) return nullptr;
  Json json;
  json["name"] = side->name;
  json["key"] = TextOrNull(side->key);
  json["shape"] = ShapeJson(side->shape);
  json["dtype"] = TextOrNull(side->dtype);
  json["role"] = ToString(side->role);
  if (!side->layer.empty()) json["layer"] = side->layer;
  if (side->slot) json["slot"] = SlotJson(*side->slot);
  return json;
}

Json FindingJson(const Finding& finding) {
  Json json;
  json["id"] = finding.id;
  json["rule"] = finding.rule;
  json["severity"] = ToString(finding.severity);
  json["actual"] = SideJson(finding.actual);
  json["expected"] = SideJson(finding.expected);
  if (finding.confidence) json["confidence"] = *finding.confidence;
  json["message"] = finding.message;
  json["hint"] = finding.hint;
  return json;
}

Json ReportJson(const Report& report) {
  Json json;
  json["schema"] = "ckptdiff/report/v1";
  json["command"] = report.command;
  json["status"] = ToString(report.status);
  json["diagnoses"] = Json::array();
  for (const Diagnosis& diagnosis : report.diagnoses) {
    json["diagnoses"].push_back({{"cause", diagnosis.cause},
                                 {"confidence", diagnosis.confidence},
                                 {"summary", diagnosis.summary},
                                 {"fix", diagnosis.fix}});
  }
  json["findings"] = Json::array();
  for (const Finding& finding : report.findings) {
    json["findings"].push_back(FindingJson(finding));
  }
  if (report.pairs) {
    json["pairs"] = Json::array();
    for (const ReportPair& pair : *report.pairs) {
      json["pairs"].push_back({{"actual", pair.actual},
                               {"actual_key", TextOrNull(pair.actual_key)},
                               {"expected", pair.expected},
                               {"expected_key", TextOrNull(pair.expected_key)},
                               {"how", pair.how},
                               {"transform", TextOrNull(pair.transform)},
                               {"confidence", pair.confidence}});
    }
  }
  return json;
}

std::string WriteReport(const Report& report, const Style&) {
  return ReportJson(report).dump(2) + "\n";
}

}  // namespace

extern const Reporter kJson = {
    .id = "json",
    .summary = "one JSON document",
    .layouts = Layouts,
    .report = WriteReport,
    .batch = nullptr,
};

}  // namespace ckptdiff
