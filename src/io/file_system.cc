#include "io/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

[[noreturn]] void ThrowErrno(const std::string& path, int error) {
  ErrorCode code = error == ENOENT || error == ENOTDIR ? ErrorCode::kNotFound
                                                       : ErrorCode::kIo;
  throw ParseError(
      Error{code, path, {}, std::generic_category().message(error), {}});
}

void CheckRange(uint64_t offset, size_t size, uint64_t file_size) {
  if (offset > file_size || size > file_size - offset) {
    throw Corrupt({}, fmt::format("{} bytes at {} lie outside the file of {}",
                                  size, offset, file_size));
  }
}

class RealFile : public File {
 public:
  explicit RealFile(const std::string& path) : path_(path) {
    fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd_ < 0) ThrowErrno(path, errno);
    struct stat info;
    if (fstat(fd_, &info) != 0) {
      int error = errno;
      close(fd_);
      ThrowErrno(path, error);
    }
    if (!S_ISREG(info.st_mode)) {
      close(fd_);
      throw ParseError(
          Error{ErrorCode::kIo, path, {}, "is not a regular file", {}});
    }
    size_ = static_cast<uint64_t>(info.st_size);
  }
  ~RealFile() override { close(fd_); }
  RealFile(const RealFile&) = delete;
  RealFile& operator=(const RealFile&) = delete;

  uint64_t size() const override { return size_; }

  void ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    CheckRange(offset, out.size(), size_);
    size_t done = 0;
    while (done < out.size()) {
      ssize_t got = pread(fd_, out.data() + done, out.size() - done,
                          static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) ThrowErrno(path_, errno);
      if (got == 0) throw Corrupt({}, "the file shrank while it was read");
      done += static_cast<size_t>(got);
    }
  }

 private:
  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

class MemoryFile : public File {
 public:
  explicit MemoryFile(std::string content) : content_(std::move(content)) {}
  uint64_t size() const override { return content_.size(); }
  void ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    CheckRange(offset, out.size(), content_.size());
    if (!out.empty()) {
      std::memcpy(out.data(), content_.data() + offset, out.size());
    }
  }

 private:
  std::string content_;
};

class RealFiles : public FileSystem {
 public:
  PathKind Kind(const std::string& path) const override {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return PathKind::kNone;
    return S_ISDIR(info.st_mode) ? PathKind::kDirectory : PathKind::kFile;
  }
  bool IsLink(const std::string& path) const override {
    struct stat info;
    return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
  }
  std::unique_ptr<File> Open(const std::string& path) const override {
    return std::make_unique<RealFile>(path);
  }
  std::vector<std::string> List(const std::string& path) const override {
    DIR* directory = opendir(path.c_str());
    if (directory == nullptr) ThrowErrno(path, errno);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

const FileSystem& RealFileSystem() {
  static const RealFiles* const files = new RealFiles;
  return *files;
}

std::unique_ptr<File> FileFromBytes(std::string content) {
  return std::make_unique<MemoryFile>(std::move(content));
}

std::string StandardInput() {
  constexpr size_t kMost = size_t{4} << 30, kChunk = size_t{1} << 16;
  std::string text;
  while (true) {
    size_t had = text.size();
    if (had >= kMost) throw Unsupported({}, "standard input is too long");
    text.resize(had + kChunk);
    ssize_t got = read(STDIN_FILENO, text.data() + had, kChunk);
    if (got < 0 && errno != EINTR) ThrowErrno("-", errno);
    text.resize(had + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return text;
  }
}

PathKind MemoryFileSystem::Kind(const std::string& path) const {
  if (files_.contains(path)) return PathKind::kFile;
  std::string below = path + "/";
  auto next = files_.lower_bound(below);
  bool is_directory = next != files_.end() && next->first.starts_with(below);
  return is_directory ? PathKind::kDirectory : PathKind::kNone;
}

std::unique_ptr<File> MemoryFileSystem::Open(const std::string& path) const {
  auto found = files_.find(path);
  if (found == files_.end()) ThrowErrno(path, ENOENT);
  return FileFromBytes(found->second);
}

std::vector<std::string> MemoryFileSystem::List(const std::string& path) const {
  if (Kind(path) != PathKind::kDirectory) ThrowErrno(path, ENOENT);
  std::string below = path + "/";
  std::set<std::string> names;
  for (auto at = files_.lower_bound(below);
       at != files_.end() && at->first.starts_with(below); ++at) {
    std::string rest = at->first.substr(below.size());
    names.insert(rest.substr(0, rest.find('/')));
  }
  return {names.begin(), names.end()};
}

}  // namespace ckptdiff
