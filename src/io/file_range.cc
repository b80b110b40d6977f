#include "io/file_range.h"

#include <fmt/format.h>

#include "base/parse_error.h"

namespace ckptdiff {

void FileRange::ReadAt(uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) {
    throw Corrupt({}, fmt::format("{} bytes at {} lie outside the part of {}",
                                  out.size(), offset, size_));
  }
  file_.ReadAt(offset_ + offset, out);
}

}  // namespace ckptdiff
