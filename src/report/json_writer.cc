#include "report/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace ckptdiff {
namespace {

bool NeedsEscape(char c) {
  auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
}

void AppendEscaped(char c, std::string* out) {
  switch (c) {
    case '"': *out += "\\\""; return;
    case '\\': *out += "\\\\"; return;
    case '\n': *out += "\\n"; return;
    case '\r': *out += "\\r"; return;
    case '\t': *out += "\\t"; return;
    default:
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}",
                     static_cast<unsigned char>(c));
  }
}

bool IsAscii(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

void JsonWriter::NewLine() {
  out_ += '\n';
  out_.append(2 * levels_.size(), ' ');
}

void JsonWriter::BeforeValue() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (!level.empty) out_ += level.lines || one_line_ ? "," : ", ";
  level.empty = false;
  if (level.lines) NewLine();
}

void JsonWriter::Begin(char bracket, Form form) {
  BeforeValue();
  bool inside_inline = !levels_.empty() && !levels_.back().lines;
  bool lines = form == Form::kLines && !one_line_ && !inside_inline;
  levels_.push_back({lines});
  out_ += bracket;
}

void JsonWriter::End(char bracket) {
  Level level = levels_.back();
  levels_.pop_back();
  if (level.lines && !level.empty) NewLine();
  out_ += bracket;
}

void JsonWriter::AppendQuoted(std::string_view text) {
  std::string shown;
  if (!IsAscii(text)) {
    shown = EscapeInvalidUtf8(text);
    text = shown;
  }
  out_ += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out_ += text.substr(plain, i - plain);
    AppendEscaped(text[i], &out_);
    plain = i + 1;
  }
  out_ += text.substr(plain);
  out_ += '"';
}

void JsonWriter::Key(std::string_view name) {
  BeforeValue();
  AppendQuoted(name);
  out_ += one_line_ ? ":" : ": ";
  after_key_ = true;
}

void JsonWriter::Text(std::string_view text) {
  BeforeValue();
  AppendQuoted(text);
}

void JsonWriter::TextOrNull(std::string_view text) {
  if (text.empty()) return Null();
  Text(text);
}

void JsonWriter::Share(double value) {
  Raw(fmt::format("{}", std::round(value * 1e4) / 1e4));
}

void JsonWriter::Raw(std::string_view json) {
  BeforeValue();
  out_ += json;
}

}  // namespace ckptdiff
