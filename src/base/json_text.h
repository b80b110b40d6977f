// The part of a JSON string that stands for itself: found eight bytes at a
// time, since names are most of what headers and documents consist of.

#ifndef CKPTDIFF_BASE_JSON_TEXT_H_
#define CKPTDIFF_BASE_JSON_TEXT_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ckptdiff {

// Eight bytes of text with a high bit set in the first that is a quote, a
// backslash or a control character below space. (A borrow can set more of them
// behind that one, none in front.)
inline uint64_t UnplainMarks(uint64_t bytes) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7;
  const uint64_t quote = bytes ^ (kOnes * '"'), slash = bytes ^ (kOnes * '\\');
  return (((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) |
          ((bytes - kOnes * 0x20) & ~bytes)) &
         kHigh;
}

// How many bytes at the front are no quote, no backslash and no control
// character below space.
inline size_t PlainJsonPrefix(std::string_view text) {
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= text.size(); i += 8) {
      uint64_t bytes;
      std::memcpy(&bytes, text.data() + i, 8);
      if (uint64_t marks = UnplainMarks(bytes); marks != 0) {
        return i + static_cast<size_t>(std::countr_zero(marks)) / 8;
      }
    }
  }
  for (; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
  }
  return i;
}

// Printable ASCII without a quote or a backslash: most names, all words.
inline bool IsPlainAscii(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data(), 8);
    // One more than 0x7f, and what is above it, has the high bit.
    uint64_t marks = UnplainMarks(bytes) | bytes | (bytes + kOnes);
    if ((marks & kHigh) != 0) return false;
  }
  for (char c : text) {
    if (c < ' ' || c >= '\x7f' || c == '"' || c == '\\') return false;
  }
  return true;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_JSON_TEXT_H_
