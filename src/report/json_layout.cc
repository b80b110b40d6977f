// "ckptdiff/layout/v1": schemas/layout-v1.schema.json.

#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "report/json_documents.h"

namespace ckptdiff {
namespace {

using Form = JsonWriter::Form;

void WriteSource(const SourceInfo& source, JsonWriter* json) {
  json->BeginObject();
  WriteSourceMembers(source, json);
  json->Key("addressed_by"), json->Text(ToString(source.addressed_by));
  json->EndObject();
}

void WriteByteRange(const ByteRange& data, JsonWriter* json) {
  json->BeginObject();
  json->Key("file"), json->TextOrNull(data.file);
  json->Key("offset"), json->Unsigned(data.offset);
  json->Key("size"), json->Unsigned(data.size);
  json->EndObject();
}

void WriteChecksum(const Checksum& checksum, JsonWriter* json) {
  json->BeginObject();
  json->Key("kind"), json->Text(ToString(checksum.kind));
  json->Key("value"), json->Unsigned(checksum.value);
  json->EndObject();
}

void WriteVariable(const Variable& variable, JsonWriter* json) {
  json->BeginObject();
  json->Key("name"), json->Text(variable.name);
  json->Key("key"), json->TextOrNull(variable.key);
  if (!variable.keys.empty()) {
    json->Key("keys"), WriteTexts(variable.keys, json);
  }
  json->Key("shape"), WriteShape(variable.shape, json);
  json->Key("dtype"), json->TextOrNull(variable.dtype);
  if (variable.bytes) json->Key("bytes"), json->Unsigned(*variable.bytes);
  json->Key("role"), json->Text(ToString(variable.role));
  // Left out it would be the default, which is no unknown.
  if (variable.trainable) {
    json->Key("trainable"), json->Bool(*variable.trainable);
  } else if (variable.role == Role::kWeight) {
    json->Key("trainable"), json->Null();
  }
  if (!variable.layer.empty()) json->Key("layer"), json->Text(variable.layer);
  if (variable.slot) json->Key("slot"), WriteSlot(*variable.slot, json);
  if (!variable.tied_to.empty()) {
    json->Key("tied_to"), json->Text(variable.tied_to);
  }
  if (!variable.tracked) json->Key("tracked"), json->Bool(false);
  if (variable.data) json->Key("data"), WriteByteRange(*variable.data, json);
  if (variable.checksum) {
    json->Key("checksum"), WriteChecksum(*variable.checksum, json);
  }
  json->EndObject();
}

using Members = std::unordered_map<std::string_view, std::vector<size_t>>;

// The weights of every layer; state of an optimizer is no part of one.
Members MembersOfLayers(const Layout& layout) {
  Members members;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.layer.empty() || variable.role == Role::kSlot) continue;
    members[variable.layer].push_back(i);
  }
  return members;
}

// Names that several variables carry: these are referred to by key.
std::unordered_map<std::string_view, size_t> CountNames(const Layout& layout) {
  std::unordered_map<std::string_view, size_t> counts;
  for (const Variable& variable : layout.variables) ++counts[variable.name];
  return counts;
}

void WriteLayers(const Layout& layout, JsonWriter* json) {
  if (layout.layers.empty()) {
    json->BeginArray();
    return json->EndArray();
  }
  const Members members = MembersOfLayers(layout);
  const auto counts = CountNames(layout);
  json->BeginArray(Form::kLines);
  for (const Layer& layer : layout.layers) {
    json->BeginObject();
    json->Key("name"), json->Text(layer.name);
    json->Key("class"), json->TextOrNull(layer.class_name);
    json->Key("variables");
    if (layer.variables_known) {
      json->BeginArray();
      auto found = members.find(layer.name);
      if (found != members.end()) {
        for (size_t i : found->second) {
          const Variable& variable = layout.variables[i];
          bool repeats = counts.at(variable.name) > 1;
          json->Text(repeats ? variable.Identity() : variable.name);
        }
      }
      json->EndArray();
    } else {
      json->Null();
    }
    json->EndObject();
  }
  json->EndArray();
}

void WriteOptimizer(const Optimizer& optimizer, JsonWriter* json) {
  json->BeginObject();
  json->Key("id"), json->Text(optimizer.id);
  json->Key("class");
  optimizer.class_name ? json->Text(*optimizer.class_name) : json->Null();
  json->Key("slots"), WriteTexts(optimizer.slots, json);
  json->Key("settings");
  json->BeginObject();
  for (const Setting& setting : optimizer.settings) {
    json->Key(setting.name);
    // It comes from the file: nothing there may break the document.
    bool is_json = nlohmann::json::accept(setting.json);
    is_json ? json->Raw(setting.json) : json->Text(setting.json);
  }
  json->EndObject();
  json->EndObject();
}

void WriteIssues(const std::vector<Issue>& issues, JsonWriter* json) {
  json->BeginArray(Form::kLines);
  for (const Issue& issue : issues) {
    json->BeginObject();
    json->Key("rule"), json->Text(issue.rule);
    json->Key("where"), json->TextOrNull(issue.where);
    json->Key("message"), json->Text(issue.message);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

void WriteSourceMembers(const SourceInfo& source, JsonWriter* json) {
  json->Key("path"), json->Text(source.path);
  if (!source.resolved.empty()) {
    json->Key("resolved"), json->Text(source.resolved);
  }
  json->Key("format"), json->TextOrNull(source.format);
  json->Key("framework"), json->TextOrNull(source.framework);
  json->Key("writer"), json->TextOrNull(source.writer);
  json->Key("step");
  source.step ? json->Integer(*source.step) : json->Null();
}

void WriteTexts(const std::vector<std::string>& texts, JsonWriter* json) {
  json->BeginArray();
  for (const std::string& text : texts) json->Text(text);
  json->EndArray();
}

void WriteShape(const Shape& shape, JsonWriter* json) {
  if (!shape.known) return json->Null();
  json->BeginArray();
  for (int64_t dim : shape.dims) {
    dim < 0 ? json->Null() : json->Integer(dim);
  }
  json->EndArray();
}

void WriteSlot(const Slot& slot, JsonWriter* json) {
  json->BeginObject();
  json->Key("optimizer"), json->TextOrNull(slot.optimizer);
  json->Key("slot"), json->Text(slot.slot);
  json->Key("owner");
  slot.owner ? json->Text(*slot.owner) : json->Null();
  if (!slot.owner_key.empty()) {
    json->Key("owner_key"), json->Text(slot.owner_key);
  }
  if (!slot.raw.empty()) json->Key("raw"), json->Text(slot.raw);
  json->EndObject();
}

void WriteLayoutDocument(const Layout& layout, JsonWriter* json) {
  json->BeginObject(Form::kLines);
  json->Key("schema"), json->Text("ckptdiff/layout/v1");
  json->Key("source"), WriteSource(layout.source, json);
  json->Key("variables");
  json->BeginArray(Form::kLines);
  for (const Variable& variable : layout.variables) {
    WriteVariable(variable, json);
  }
  json->EndArray();
  json->Key("layers"), WriteLayers(layout, json);
  json->Key("optimizers");
  json->BeginArray(Form::kLines);
  for (const Optimizer& optimizer : layout.optimizers) {
    WriteOptimizer(optimizer, json);
  }
  json->EndArray();
  json->Key("issues"), WriteIssues(layout.issues, json);
  if (!layout.ignore.empty()) {
    json->Key("ignore"), WriteTexts(layout.ignore, json);
  }
  if (!layout.rename.empty()) {
    json->Key("rename");
    json->BeginArray(Form::kLines);
    for (const Rename& rename : layout.rename) {
      json->BeginObject();
      json->Key("from"), json->Text(rename.from);
      json->Key("to"), json->Text(rename.to);
      json->EndObject();
    }
    json->EndArray();
  }
  json->EndObject();
}

}  // namespace ckptdiff
