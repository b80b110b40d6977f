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

// How many bytes at the front are no quote, no backslash and no control
// character below space.
inline size_t PlainJsonPrefix(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7;
  size_t i = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (; i + 8 <= text.size(); i += 8) {
      uint64_t bytes;
      std::memcpy(&bytes, text.data() + i, 8);
      uint64_t quote = bytes ^ (kOnes * '"'), slash = bytes ^ (kOnes * '\\');
      // The lowest mark is exact: a borrow only marks bytes above one.
      uint64_t marks =
          (((quote - kOnes) & ~quote) | ((slash - kOnes) & ~slash) |
           ((bytes - kOnes * 0x20) & ~bytes)) &
          kHigh;
      if (marks != 0) {
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

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_JSON_TEXT_H_
