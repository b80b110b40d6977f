// Numbers as files hold them.

#ifndef CKPTDIFF_SUPPORT_LITTLE_H_
#define CKPTDIFF_SUPPORT_LITTLE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace ckptdiff {

// The lowest `bytes` bytes of `value`, little-endian; zeros beyond its eight.
inline std::string Little(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i, value >>= 8) {
    text += static_cast<char>(value & 0xff);
  }
  return text;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_SUPPORT_LITTLE_H_
