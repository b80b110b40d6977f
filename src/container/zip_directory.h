// What a zip archive says of itself at its end. Internal to zip_archive.cc.

#ifndef CKPTDIFF_CONTAINER_ZIP_DIRECTORY_H_
#define CKPTDIFF_CONTAINER_ZIP_DIRECTORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace ckptdiff {

// One entry of the central directory.
struct ZipMember {
  std::string name;
  uint16_t flags = 0;
  uint16_t method = 0;  // 0: stored, 8: deflated
  uint32_t crc32 = 0;
  uint64_t packed_size = 0;
  uint64_t size = 0;
  uint64_t header_offset = 0;  // of the local header, in the file

  bool stored() const { return method == 0; }
};

// In the order of the directory. Throws ParseError: no end record (truncated),
// members that overlap, names that leave the archive.
std::vector<ZipMember> ReadZipDirectory(const File& file);

// [offset, offset + size), checked before anything is allocated.
std::string ReadZipPart(const File& file, uint64_t offset, uint64_t size);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_ZIP_DIRECTORY_H_
