#include "base/columns.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace ckptdiff {
namespace {

// The character at `at`: its bytes and its columns.
struct Glyph {
  size_t bytes;
  size_t columns;
};

Glyph GlyphAt(std::string_view text, size_t at) {
  utf8proc_int32_t code = -1;
  utf8proc_ssize_t size =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(&text[at]),
                       static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (size <= 0) return {1, 1};
  return {static_cast<size_t>(size),
          static_cast<size_t>(std::max(0, utf8proc_charwidth(code)))};
}

// Bytes of the longest beginning that fits into `width` columns, at least one
// character.
size_t FittingBytes(std::string_view text, size_t width) {
  size_t at = 0, columns = 0;
  while (at < text.size()) {
    Glyph glyph = GlyphAt(text, at);
    if (at > 0 && columns + glyph.columns > width) break;
    columns += glyph.columns;
    at += glyph.bytes;
  }
  return at;
}

// Where to break a word that is wider than a line.
size_t BreakInside(std::string_view word, size_t width) {
  size_t fitting = FittingBytes(word, width);
  if (fitting == word.size()) return fitting;
  size_t mark = word.substr(0, fitting).find_last_of("/._");
  return mark == std::string_view::npos || mark < fitting / 2 ? fitting
                                                              : mark + 1;
}

// The end of `text` that takes at most `width` columns.
std::string_view Tail(std::string_view text, size_t width) {
  size_t from = 0;
  while (from < text.size() && DisplayWidth(text.substr(from)) > width) {
    from += GlyphAt(text, from).bytes;
  }
  return text.substr(from);
}

}  // namespace

size_t DisplayWidth(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++columns, ++at;
      continue;
    }
    Glyph glyph = GlyphAt(text, at);
    columns += glyph.columns;
    at += glyph.bytes;
  }
  return columns;
}

std::string PadRight(std::string_view text, size_t width) {
  size_t columns = DisplayWidth(text);
  std::string padded(text);
  if (columns < width) padded.append(width - columns, ' ');
  return padded;
}

std::string PadLeft(std::string_view text, size_t width) {
  size_t columns = DisplayWidth(text);
  std::string padded(columns < width ? width - columns : 0, ' ');
  return padded.append(text);
}

std::vector<std::string> WrapText(std::string_view text, size_t width) {
  width = std::max<size_t>(width, 1);
  std::vector<std::string> lines(1);
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find(' ', at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    size_t wide = DisplayWidth(word);
    if (columns > 0 && columns + 1 + wide > width) {
      lines.emplace_back();
      columns = 0;
    }
    while (wide > width) {
      size_t taken = BreakInside(word, width);
      lines.back() += word.substr(0, taken);
      lines.emplace_back();
      word.remove_prefix(taken);
      wide = DisplayWidth(word);
    }
    if (word.empty()) continue;
    if (columns > 0) lines.back() += ' ', ++columns;
    lines.back() += word;
    columns += wide;
  }
  if (lines.size() > 1 && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string Shorten(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width < 5) return std::string(text.substr(0, FittingBytes(text, width)));
  size_t head = (width - 1) / 3;
  std::string shortened(text.substr(0, FittingBytes(text, head)));
  shortened += "…";
  return shortened.append(Tail(text, width - 1 - head));
}

std::string WithThousands(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string HumanBytes(uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (value >= 999.95 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace ckptdiff
