// Where bytes come from. The program reads the real file system; tests and the
// fuzzer read one in memory.

#ifndef CKPTDIFF_IO_FILE_SYSTEM_H_
#define CKPTDIFF_IO_FILE_SYSTEM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ckptdiff {

// A file open for reading. Immutable and safe to share between threads.
class File {
 public:
  virtual ~File() = default;
  virtual uint64_t size() const = 0;
  // Fills `out` whole; throws ParseError(kCorrupt) where the file is shorter,
  // ParseError(kIo) where the system refuses.
  virtual void ReadAt(uint64_t offset, std::span<std::byte> out) const = 0;
};

enum class PathKind { kNone, kFile, kDirectory };

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual PathKind Kind(const std::string& path) const = 0;
  // True for a symbolic link, whatever it leads to.
  virtual bool IsLink(const std::string&) const { return false; }
  // Throws ParseError (kNotFound, kIo).
  virtual std::unique_ptr<File> Open(const std::string& path) const = 0;
  // Names in a directory, ordered by bytes. Throws as Open.
  virtual std::vector<std::string> List(const std::string& path) const = 0;
};

// The machine's own. Never destroyed.
const FileSystem& RealFileSystem();

// Files that stand in memory under their whole path.
class MemoryFileSystem : public FileSystem {
 public:
  void Add(const std::string& path, std::string content) {
    files_[path] = std::move(content);
  }
  PathKind Kind(const std::string& path) const override;
  std::unique_ptr<File> Open(const std::string& path) const override;
  std::vector<std::string> List(const std::string& path) const override;

 private:
  std::map<std::string, std::string> files_;
};

// All of standard input. Throws ParseError(kIo), or kUnsupported where it is
// more than 4 GiB.
std::string StandardInput();

// A File over bytes in memory that it owns.
std::unique_ptr<File> FileFromBytes(std::string content);

}  // namespace ckptdiff

#endif  // CKPTDIFF_IO_FILE_SYSTEM_H_
