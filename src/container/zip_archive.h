// Zip archives: torch files, .keras, .npz. The central directory is read, never
// trusted: sizes come from it, offsets of data from the local headers, and what
// contradicts itself is refused.

#ifndef CKPTDIFF_CONTAINER_ZIP_ARCHIVE_H_
#define CKPTDIFF_CONTAINER_ZIP_ARCHIVE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/name_index.h"
#include "container/zip_directory.h"
#include "io/file_system.h"
#include "io/source.h"

namespace ckptdiff {

class ZipArchive {
 public:
  // Reads the central directory of `file`, which must outlive the archive and
  // every File that it opens. Throws ParseError: no end record (truncated),
  // members that overlap, names that leave the archive.
  explicit ZipArchive(const File& file);

  // In the order of the central directory.
  const std::vector<ZipMember>& members() const { return members_; }
  // nullptr where there is none. Of several with one name, the last one, as in
  // Python's zipfile; see duplicates().
  const ZipMember* Find(std::string_view name) const;
  // Names that occur more than once: a reader refuses them or lists an issue.
  const std::vector<std::string>& duplicates() const { return duplicates_; }

  // Where the bytes of the member begin in the file. Throws where the local
  // header is none or names another member.
  uint64_t DataOffset(const ZipMember& member) const;

  // A stored member is a view of the archive and costs nothing; a deflated one
  // is inflated into memory if it has at most `limit` bytes.
  std::unique_ptr<File> Open(const ZipMember& member, uint64_t limit) const;
  // The whole content; throws where it has more than `limit` bytes.
  std::string Read(const ZipMember& member, uint64_t limit) const;
  // The first `size` bytes, fewer where the member is shorter.
  std::string ReadHead(const ZipMember& member, uint64_t size) const;

  // Reads the whole content in pieces: what is wrong with its size or its
  // CRC-32, in words; nullopt where all agrees.
  std::optional<std::string> Damage(const ZipMember& member) const;

 private:
  void IndexNames();
  // Calls `take` with consecutive pieces until it returns false.
  void Stream(const ZipMember& member,
              const std::function<bool(Bytes)>& take) const;

  const File* file_;
  std::vector<ZipMember> members_;
  NameIndex names_;           // views of the members' names
  std::vector<size_t> last_;  // of each name, the last member that has it
  std::vector<std::string> duplicates_;
};

// CRC-32 as zip uses it (IEEE), continued from `crc`.
uint32_t Crc32(Bytes bytes, uint32_t crc = 0);

// For detectors; neither throws. Whether the file starts as a zip archive.
bool LooksLikeZip(const Source& source);
// The name in the first local header, which a truncated archive still has, and
// those of the directory that stand in the last 32 KiB.
std::vector<std::string> PeekZipNames(const Source& source);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_ZIP_ARCHIVE_H_
