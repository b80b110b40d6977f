#include "base/text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

constexpr size_t kMaxExpansions = 100'000;

// The parts of a brace group at depth 0, split at commas.
std::vector<std::string> Choices(std::string_view body) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : body) {
    if (c == '{') ++depth;
    if (c == '}') --depth;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<long> Number(std::string_view text) {
  long value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "0..11" as its numbers; empty where it is no range.
std::vector<std::string> Range(std::string_view body) {
  size_t dots = body.find("..");
  if (dots == std::string_view::npos) return {};
  std::optional<long> first = Number(body.substr(0, dots));
  std::optional<long> last = Number(body.substr(dots + 2));
  if (!first || !last || *first < 0 || *last < *first) return {};
  if (static_cast<size_t>(*last - *first) >= kMaxExpansions) return {};
  std::vector<std::string> numbers;
  for (long n = *first; n <= *last; ++n) numbers.push_back(std::to_string(n));
  return numbers;
}

size_t ClosingBrace(std::string_view pattern, size_t open) {
  int depth = 0;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++depth;
    if (pattern[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

bool Expand(std::string_view pattern, std::string prefix,
            std::vector<std::string>* out) {
  size_t open = pattern.find('{');
  size_t close = open == std::string_view::npos ? std::string_view::npos
                                                : ClosingBrace(pattern, open);
  if (close == std::string_view::npos) {
    out->push_back(prefix + std::string(pattern));
    return out->size() <= kMaxExpansions;
  }
  std::string_view body = pattern.substr(open + 1, close - open - 1);
  std::vector<std::string> choices = Range(body);
  if (choices.empty()) choices = Choices(body);
  prefix += pattern.substr(0, open);
  for (const std::string& choice : choices) {
    std::vector<std::string> inner;
    if (!Expand(choice, "", &inner)) return false;
    for (const std::string& one : inner) {
      if (!Expand(pattern.substr(close + 1), prefix + one, out)) return false;
    }
  }
  return true;
}

// Iterative, so that no pattern is exponential or deep.
bool WildcardMatch(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// Every byte of what is no UTF-8, or not `shown`, as \xNN.
template <typename Predicate>
std::string Escape(std::string_view text, Predicate shown) {
  std::string out;
  out.reserve(text.size());
  size_t i = 0;
  while (i < text.size()) {
    utf8proc_int32_t code = -1;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(&text[i]);
    auto left = static_cast<utf8proc_ssize_t>(text.size() - i);
    utf8proc_ssize_t size = utf8proc_iterate(at, left, &code);
    size_t step = size > 0 ? static_cast<size_t>(size) : 1;
    if (size > 0 && shown(code)) {
      out += text.substr(i, step);
    } else {
      for (char c : text.substr(i, step)) {
        out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      }
    }
    i += step;
  }
  return out;
}

}  // namespace

std::vector<std::string> ExpandBraces(std::string_view pattern) {
  std::vector<std::string> out;
  if (!Expand(pattern, "", &out)) return {std::string(pattern)};
  return out;
}

Glob::Glob(std::string_view pattern) : alternatives_(ExpandBraces(pattern)) {}

bool Glob::Matches(std::string_view text) const {
  return std::any_of(
      alternatives_.begin(), alternatives_.end(),
      [text](const std::string& one) { return WildcardMatch(one, text); });
}

bool NaturalLess(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!IsDigit(a[i]) || !IsDigit(b[j])) {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i, ++j;
      continue;
    }
    size_t a_start = i, b_start = j;
    while (i < a.size() && IsDigit(a[i])) ++i;
    while (j < b.size() && IsDigit(b[j])) ++j;
    while (a_start < i && a[a_start] == '0') ++a_start;
    while (b_start < j && b[b_start] == '0') ++b_start;
    if (i - a_start != j - b_start) return i - a_start < j - b_start;
    int order =
        a.substr(a_start, i - a_start).compare(b.substr(b_start, j - b_start));
    if (order != 0) return order < 0;
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;
}

std::string Printable(std::string_view text) {
  return Escape(text, [](utf8proc_int32_t code) {
    return code >= 0x20 && (code < 0x7f || code > 0x9f);
  });
}

std::string EscapeInvalidUtf8(std::string_view text) {
  return Escape(text, [](utf8proc_int32_t) { return true; });
}

std::optional<size_t> FirstInvalidUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    uint64_t eight;
    if (i + sizeof eight <= text.size()) {  // nearly all text is ASCII
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    utf8proc_int32_t code = -1;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(&text[i]);
    auto left = static_cast<utf8proc_ssize_t>(text.size() - i);
    utf8proc_ssize_t size = utf8proc_iterate(at, left, &code);
    if (size <= 0) return i;
    i += static_cast<size_t>(size);
  }
  return std::nullopt;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  for (size_t end; (end = text.find(separator, start)) != text.npos;
       start = end + 1) {
    parts.push_back(text.substr(start, end - start));
  }
  parts.push_back(text.substr(start));
  return parts;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1),
      row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view Nearest(std::string_view word,
                         const std::vector<std::string_view>& choices) {
  constexpr size_t kLongestWord = 64;  // the distance is quadratic
  if (word.size() > kLongestWord) return {};
  std::string_view nearest;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (std::string_view choice : choices) {
    if (choice.size() > 2 * kLongestWord) continue;
    size_t distance = EditDistance(word, choice);
    if (distance < least) {
      least = distance;
      nearest = choice;
    }
  }
  return nearest;
}

std::string Count(uint64_t n, std::string_view singular,
                  std::string_view plural) {
  if (n == 1) return fmt::format("1 {}", singular);
  if (!plural.empty()) return fmt::format("{} {}", n, plural);
  return fmt::format("{} {}s", n, singular);
}

}  // namespace ckptdiff
