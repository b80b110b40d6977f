// A part of a file under its own offsets: a member of an archive, a record.

#ifndef CKPTDIFF_IO_FILE_RANGE_H_
#define CKPTDIFF_IO_FILE_RANGE_H_

#include <cstdint>

#include "io/file_system.h"

namespace ckptdiff {

class FileRange : public File {
 public:
  // [offset, offset + size) of `file`, which must outlive this. What lies
  // behind the end of `file` is found out when it is read.
  FileRange(const File& file, uint64_t offset, uint64_t size)
      : file_(file), offset_(offset), size_(size) {}

  uint64_t size() const override { return size_; }
  void ReadAt(uint64_t offset, std::span<std::byte> out) const override;

 private:
  const File& file_;
  uint64_t offset_;
  uint64_t size_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_IO_FILE_RANGE_H_
