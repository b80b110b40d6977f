// Bytes of a pickle, in order, out of a file that may be much larger: a window
// slides over it, and long strings (an array's data) are stepped over.

#ifndef CKPTDIFF_CONTAINER_PICKLE_INPUT_H_
#define CKPTDIFF_CONTAINER_PICKLE_INPUT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "io/file_system.h"

namespace ckptdiff {

class PickleInput {
 public:
  PickleInput(const File& file, uint64_t offset, std::string_view where);

  uint64_t position() const { return window_start_ + next_; }
  uint64_t remaining() const { return file_.size() - position(); }

  // All throw ParseError(kCorrupt) where the file ends first.
  uint8_t U8();
  uint64_t Little(int bytes);
  uint64_t Big64();
  // Without the newline, which is consumed; at most 64 KiB.
  std::string_view Line();  // valid until the next call
  std::string Text(uint64_t size);
  void Skip(uint64_t size);

  [[noreturn]] void Fail(const std::string& message) const;

 private:
  // Makes `size` bytes (at most the window) readable at next_.
  void Need(uint64_t size);

  const File& file_;
  std::string_view where_;
  std::string window_;
  uint64_t window_start_;
  size_t next_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_PICKLE_INPUT_H_
