#include "container/json_cursor.h"

#include <fmt/format.h>

#include <utility>

#include "base/ascii.h"
#include "base/json_text.h"
#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr int kMaxDepth = 200;

void AppendUtf8(uint32_t code, std::string* out) {
  auto put = [out](uint32_t byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

}  // namespace

JsonCursor::JsonCursor(std::string_view text, std::string where)
    : text_(text), where_(std::move(where)) {
  CheckUtf8();
}

JsonCursor::JsonCursor(std::string_view text,
                       std::function<std::string(size_t)> locate)
    : text_(text), locate_(std::move(locate)) {
  CheckUtf8();
}

void JsonCursor::CheckUtf8() {
  if (std::optional<size_t> bad = FirstInvalidUtf8(text_)) {
    position_ = *bad;
    Fail("is no UTF-8");
  }
}

void JsonCursor::Fail(std::string_view message) const {
  if (locate_) throw Corrupt(locate_(position_), std::string(message));
  throw Corrupt(where_, fmt::format("{} at byte {}", message, position_));
}

void JsonCursor::SkipSpace() {
  while (position_ < text_.size()) {
    char c = text_[position_];
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
    ++position_;
  }
}

void JsonCursor::FailExpecting(char c) const {
  Fail(fmt::format("has no '{}' where one must stand", c));
}

std::string_view JsonCursor::Text() {
  Expect('"');
  size_t start = position_;
  position_ += PlainJsonPrefix(text_.substr(start));
  char c = position_ < text_.size() ? text_[position_] : '\0';
  if (c == '"') return text_.substr(start, position_++ - start);
  if (c == '\\') return Decode(start);
  Fail("has a string without an end");
}

// The rest of a string whose first escape stands at position_.
std::string_view JsonCursor::Decode(size_t start) {
  std::string out(text_.substr(start, position_ - start));
  while (position_ < text_.size()) {
    char c = text_[position_++];
    if (c == '"') {
      decoded_.push_back(std::move(out));
      return decoded_.back();
    }
    if (static_cast<unsigned char>(c) < 0x20) break;
    if (c == '\\') {
      AppendEscape(&out);
    } else {
      out += c;
    }
  }
  Fail("has a string without an end");
}

void JsonCursor::AppendEscape(std::string* out) {
  constexpr std::string_view kShort = "\"\\/bfnrt";
  constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
  char c = position_ < text_.size() ? text_[position_++] : '\0';
  size_t known = c == '\0' ? kShort.npos : kShort.find(c);
  if (known != kShort.npos) {
    *out += kMeaning[known];
    return;
  }
  if (c != 'u') Fail("has an escape that JSON does not know");
  uint32_t code = Hex4();
  if (code >= 0xd800 && code < 0xdc00 && text_.substr(position_, 2) == "\\u") {
    position_ += 2;
    uint32_t low = Hex4();
    if (low < 0xdc00 || low > 0xdfff) Fail("has half a surrogate pair");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code >= 0xd800 && code < 0xe000) Fail("has half a surrogate pair");
  AppendUtf8(code, out);
}

uint32_t JsonCursor::Hex4() {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    char c = position_ < text_.size() ? text_[position_++] : '\0';
    uint32_t digit = 16;
    if (IsDigit(c)) digit = static_cast<uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<uint32_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') digit = static_cast<uint32_t>(c - 'A' + 10);
    if (digit == 16) Fail("has an escape that JSON does not know");
    code = code << 4 | digit;
  }
  return code;
}

uint64_t JsonCursor::Uint() {
  if (!IsDigit(Peek())) Fail("has no whole number where one must stand");
  uint64_t value = 0;
  size_t start = position_, at = start;
  for (; at < text_.size() && IsDigit(text_[at]); ++at) {
    auto digit = static_cast<uint64_t>(text_[at] - '0');
    if (value >= UINT64_MAX / 10 && value > (UINT64_MAX - digit) / 10) {
      Fail("has a number beyond 2^64");
    }
    value = value * 10 + digit;
  }
  position_ = at;
  if (text_[start] == '0' && position_ - start > 1) {
    Fail("has a number with a leading zero");
  }
  char next = position_ < text_.size() ? text_[position_] : '\0';
  if (next == '.' || next == 'e' || next == 'E') {
    Fail("has a fraction where a whole number must stand");
  }
  return value;
}

void JsonCursor::SkipNumber() {
  auto digits = [this] {
    size_t start = position_;
    while (position_ < text_.size() && IsDigit(text_[position_])) ++position_;
    if (position_ == start) Fail("has a number without digits");
  };
  auto take = [this](std::string_view any) {
    bool there =
        position_ < text_.size() && any.find(text_[position_]) != any.npos;
    if (there) ++position_;
    return there;
  };
  take("-");
  digits();
  if (take(".")) digits();
  if (take("eE")) {
    take("+-");
    digits();
  }
}

void JsonCursor::Skip() { SkipNested(0); }

void JsonCursor::SkipNested(int depth) {
  if (depth > kMaxDepth) {
    Fail(fmt::format("nests deeper than {} levels", kMaxDepth));
  }
  char c = Peek();
  if (c == '{') {
    EnterObject();
    while (NextMember()) SkipNested(depth + 1);
  } else if (c == '[') {
    EnterArray();
    while (NextElement()) SkipNested(depth + 1);
  } else if (c == '"') {
    Text();
  } else if (c == '-' || IsDigit(c)) {
    SkipNumber();
  } else {
    for (std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(position_, word.size()) != word) continue;
      position_ += word.size();
      return;
    }
    Fail("has no value where one must stand");
  }
}

void JsonCursor::Finish() {
  if (Peek() != '\0' || position_ < text_.size()) {
    Fail("has something behind its end");
  }
}

}  // namespace ckptdiff
