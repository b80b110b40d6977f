#include "io/source.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/name_parts.h"
#include "base/parse_error.h"

namespace ckptdiff {

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || directory == ".") return std::string(name);
  std::string joined(directory);
  if (joined.back() != '/') joined += '/';
  joined += name;
  return joined;
}

Source::Source(const FileSystem& files, std::string path)
    : files_(&files), path_(std::move(path)), kind_(files.Kind(path_)) {}

std::string Source::name() const {
  std::string_view path = path_;
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return std::string(LastPart(path, "/"));
}

std::string Source::directory() const {
  std::string_view path = path_;
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, std::max<size_t>(slash, 1)));
}

Source Source::Sibling(std::string_view name) const {
  return {*files_, JoinPath(directory(), name)};
}

Source Source::Child(std::string_view name) const {
  return {*files_, path_ == "." ? std::string(name) : JoinPath(path_, name)};
}

bool Source::HasChild(std::string_view name) const {
  return is_directory() && Child(name).kind() != PathKind::kNone;
}

std::vector<std::string> Source::Entries() const {
  return is_directory() ? files_->List(path_) : std::vector<std::string>();
}

const File& Source::file() const {
  if (!file_) file_ = files_->Open(path_);
  return *file_;
}

std::string Source::Peek(uint64_t offset, size_t size) const {
  if (!is_file()) return {};
  try {
    if (offset >= file().size()) return {};
    return Read(offset, std::min<uint64_t>(size, file().size() - offset));
  } catch (const ParseError&) {  // unreadable is empty, for a detector
    return {};
  }
}

std::string Source::PeekTail(size_t size) const {
  if (!is_file()) return {};
  try {
    uint64_t whole = file().size();
    return Peek(whole - std::min<uint64_t>(size, whole), size);
  } catch (const ParseError&) {
    return {};
  }
}

std::string Source::Read(uint64_t offset, uint64_t size) const {
  uint64_t whole = file().size();
  if (offset > whole || size > whole - offset) {
    throw Corrupt({}, fmt::format("{} bytes at {} lie outside the file of {}",
                                  size, offset, whole));
  }
  std::string content(static_cast<size_t>(size), '\0');
  file().ReadAt(offset, std::as_writable_bytes(std::span(content)));
  return content;
}

std::string Source::ReadAll(uint64_t limit) const {
  if (size() > limit) {
    throw Unsupported({}, fmt::format("has {} bytes, more than the {} that "
                                      "are read as text",
                                      size(), limit));
  }
  return Read(0, size());
}

}  // namespace ckptdiff
