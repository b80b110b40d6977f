// What a person typed, as formats see it: a path that may be a file, a
// directory, or a prefix that only its siblings make real ("model.ckpt" with
// model.ckpt.index). Formats reach siblings and children from here.

#ifndef CKPTDIFF_IO_SOURCE_H_
#define CKPTDIFF_IO_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "io/file_system.h"

namespace ckptdiff {

class Source {
 public:
  Source(const FileSystem& files, std::string path);

  const std::string& path() const { return path_; }
  const FileSystem& files() const { return *files_; }
  PathKind kind() const { return kind_; }
  bool is_file() const { return kind_ == PathKind::kFile; }
  bool is_directory() const { return kind_ == PathKind::kDirectory; }

  std::string name() const;       // last component
  std::string directory() const;  // what stands before it; "." if nothing

  // A path in the same directory; a path below this directory. Both return a
  // Source whatever is there; look at its kind().
  Source Sibling(std::string_view name) const;
  Source Child(std::string_view name) const;
  bool HasChild(std::string_view name) const;
  // Names in this directory, ordered by bytes; empty if it is none.
  std::vector<std::string> Entries() const;

  // The file, opened once and kept. Throws ParseError (kNotFound, kIo).
  const File& file() const;
  uint64_t size() const { return file().size(); }
  // At most `size` bytes from `offset`; fewer at the end of the file. Never
  // throws: what cannot be read is empty. For detectors.
  std::string Peek(uint64_t offset, size_t size) const;
  std::string PeekTail(size_t size) const;
  // [offset, offset + size), which must lie in the file. Throws ParseError,
  // before allocating, where it does not.
  std::string Read(uint64_t offset, uint64_t size) const;
  // The whole file, unless it is larger than `limit`: then ParseError.
  std::string ReadAll(uint64_t limit) const;

 private:
  const FileSystem* files_;
  std::string path_;
  PathKind kind_;
  mutable std::shared_ptr<const File> file_;
};

// "dir/name", keeping "dir/" and ".", as a person would type it.
std::string JoinPath(std::string_view directory, std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_IO_SOURCE_H_
