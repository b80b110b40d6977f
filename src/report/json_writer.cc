#include "report/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

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
  if (IsPlainAscii(text)) {
    out_ += '"';
    out_ += text;
    out_ += '"';
    return;
  }
  const std::string shown = EscapeInvalidUtf8(text);
  text = shown;
  out_ += '"';
  while (!text.empty()) {
    size_t plain = std::min(PlainJsonPrefix(text), text.find('\x7f'));
    out_ += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    AppendEscaped(text.front(), &out_);
    text.remove_prefix(1);
  }
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

void JsonWriter::Integer(int64_t value) {
  const fmt::format_int digits(value);
  Raw({digits.data(), digits.size()});
}

void JsonWriter::Unsigned(uint64_t value) {
  const fmt::format_int digits(value);
  Raw({digits.data(), digits.size()});
}

void JsonWriter::Share(double value) {
  Raw(fmt::format("{}", std::round(value * 1e4) / 1e4));
}

void JsonWriter::Raw(std::string_view json) {
  BeforeValue();
  out_ += json;
}

}  // namespace ckptdiff
