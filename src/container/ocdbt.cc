// (Over 300 lines: manifest, data files and nodes are one format, and nothing
// but the walk uses them.)

#include "container/ocdbt.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "container/crc32c.h"
#include "container/zstd_frame.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kManifestMagic = 0x0cdb3a2a;
constexpr uint32_t kNodeMagic = 0x0cdb20de;
constexpr uint64_t kFrameOverhead = 4 + 8 + 1 + 1 + 4;
// TensorStore splits nodes at 8 MiB; nearly all have a few KiB.
constexpr uint64_t kMaxFrame = uint64_t{8} << 20;
constexpr uint64_t kMaxBody = uint64_t{8} << 20;
constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxKey = 4096;
constexpr uint64_t kMaxPending = uint64_t{32} << 20;
// Bytes of an entry, at the least: two of its key, two of its value.
constexpr uint64_t kMinEntry = 4;
constexpr uint64_t kVersionColumns = 8;

Error Damaged(const std::string& where, std::string what) {
  return {ErrorCode::kCorrupt, {}, where, std::move(what), {}};
}

// The body of the frame that `bytes` are.
Result<std::string> OpenFrame(std::string_view bytes, uint32_t magic,
                              const std::string& where) {
  if (bytes.size() < kFrameOverhead) {
    return Damaged(
        where, fmt::format("has {} bytes, too few for a frame", bytes.size()));
  }
  ByteCursor cursor(AsBytes(bytes), where);
  if (uint32_t found = cursor.BigU32("magic"); found != magic) {
    return Damaged(where, fmt::format("begins with {:08x} instead of {:08x}",
                                      found, magic));
  }
  if (uint64_t length = cursor.LittleU64("length"); length != bytes.size()) {
    return Damaged(where, fmt::format("says {} bytes, {} are there", length,
                                      bytes.size()));
  }
  uint8_t version = cursor.U8("version");
  uint8_t compression = cursor.U8("compression");
  std::string_view body = AsText(cursor.Take(cursor.remaining() - 4, "body"));
  uint32_t stored = cursor.LittleU32("checksum");
  if (Crc32c(AsBytes(bytes.substr(0, bytes.size() - 4))) != stored) {
    return Damaged(where, "does not agree with its checksum");
  }
  if (version != 0 || compression > 1) {
    return Damaged(where, fmt::format("is of version {}, compression {}; read "
                                      "is version 0, none or zstd",
                                      version, compression));
  }
  if (compression == 0) return std::string(body);
  std::optional<std::string> inflated = InflateZstd(body, kMaxBody);
  if (!inflated) return Damaged(where, "holds damaged zstd data");
  return *std::move(inflated);
}

// A file, and the part of its path that its children's paths begin with.
struct DataFile {
  std::string path;
  std::string transitive;
};

// The numbers of a body, which come column by column.
class BodyCursor : public ByteCursor {
 public:
  using ByteCursor::ByteCursor;

  // A count of things that take at least `size` bytes each.
  uint64_t Count(uint64_t size, std::string_view what) {
    uint64_t count = Varint64(what);
    if (count > remaining() / size) {
      Fail(fmt::format("{} {} do not fit into {} bytes", count, what,
                       remaining()));
    }
    return count;
  }
  template <typename T>
  std::vector<T> Column(uint64_t count, std::string_view what) {
    std::vector<T> column;
    column.reserve(static_cast<size_t>(std::min<uint64_t>(count, remaining())));
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t value = Varint64(what);
      if (value > std::numeric_limits<T>::max()) Fail("has a number too large");
      column.push_back(static_cast<T>(value));
    }
    return column;
  }
};

void CheckRelative(const std::string& path, const ByteCursor& cursor) {
  bool leaves = path.starts_with("/");
  for (std::string_view part : Split(path, '/')) leaves |= part == "..";
  if (leaves) {
    cursor.Fail(fmt::format("points to \"{}\", outside the directory",
                            Printable(path)));
  }
}

std::vector<DataFile> ReadDataFiles(BodyCursor* cursor,
                                    const std::string& transitive) {
  uint64_t count = cursor->Count(3, "data files");
  std::vector<uint32_t> prefixes;
  if (count > 0) prefixes = cursor->Column<uint32_t>(count - 1, "prefix");
  auto suffixes = cursor->Column<uint32_t>(count, "suffix");
  auto bases = cursor->Column<uint32_t>(count, "base path");
  std::vector<DataFile> files;
  std::string path;
  for (size_t i = 0; i < count; ++i) {
    uint32_t shared = i == 0 ? 0 : prefixes[i - 1];
    if (shared > path.size()) cursor->Fail("shares more than there is");
    path.resize(shared);
    path += cursor->TakeText(suffixes[i], "path");
    if (path.size() > kMaxPath) cursor->Fail("has a path of over 4 KiB");
    if (bases[i] > path.size()) cursor->Fail("has a base path beyond a path");
    CheckRelative(path, *cursor);
    files.push_back({transitive + path, transitive + path.substr(0, bases[i])});
  }
  return files;
}

// The newest of the versions that a manifest holds itself; only its columns
// that lead to the tree.
struct Version {
  uint64_t height = 0;
  uint64_t file = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t keys = 0;
};

std::optional<Version> ReadNewestVersion(BodyCursor* cursor) {
  uint64_t count = cursor->Count(kVersionColumns, "versions");
  if (count == 0) return std::nullopt;
  Version version;
  auto last = [&](std::string_view what) {
    return cursor->Column<uint64_t>(count, what).back();
  };
  last("generation");
  Bytes heights = cursor->Take(count, "heights");
  version.height = std::to_integer<uint64_t>(heights.back());
  version.file = last("file");
  version.offset = last("offset");
  version.length = last("length");
  version.keys = last("keys");
  return version;
}

// Of the manifests that are numbered by version, the newest.
std::string NumberedManifest(const Source& directory) {
  constexpr std::string_view kPrefix = "manifest.";
  std::string newest;
  for (const std::string& name : directory.Entries()) {
    bool is_one =
        name.starts_with(kPrefix) && name.size() == kPrefix.size() + 16 &&
        name.find_first_not_of("0123456789abcdef", kPrefix.size()) == name.npos;
    if (is_one) newest = name;  // entries are ordered
  }
  return newest;
}

std::string ReadManifest(const Source& directory, const std::string& name) {
  Source source = directory.Child(name);
  if (!source.is_file()) {
    throw ParseError(ErrorCode::kCorrupt, name, "is not there");
  }
  Result<std::string> body =
      OpenFrame(source.ReadAll(kMaxFrame), kManifestMagic, name);
  if (!body.ok()) throw ParseError(body.error());
  return std::move(body).value();
}

}  // namespace

OcdbtStore::OcdbtStore(const Source& directory) : directory_(directory) {
  std::string name = kOcdbtManifest;
  std::string body = ReadManifest(directory, name);
  constexpr size_t kKindOffset = 16;  // behind the uuid
  if (body.size() > kKindOffset && body[kKindOffset] == 1) {
    name = NumberedManifest(directory);
    if (name.empty()) return;  // numbered, and nothing committed yet
    body = ReadManifest(directory, name);
  }
  BodyCursor cursor(AsBytes(body), name);
  cursor.Skip(kKindOffset, "uuid");
  cursor.Varint64("manifest kind");
  cursor.Varint64("inline limit");
  cursor.Varint64("node limit");
  cursor.U8("arity");
  if (cursor.Varint64("compression") != 0) cursor.Skip(4, "level");
  std::vector<DataFile> files = ReadDataFiles(&cursor, {});
  std::optional<Version> version = ReadNewestVersion(&cursor);
  if (!version || version->keys == 0) return;
  if (version->file >= files.size()) cursor.Fail("names no data file");
  const DataFile& file = files[static_cast<size_t>(version->file)];
  root_ = {file.path,       version->offset, version->length,
           version->height, file.transitive, {}};
  is_empty_ = false;
  key_count_ = version->keys;
}

// One pass over the tree. Every node is entered once: a second way to it would
// be a cycle, or a tree that unfolds beyond all bounds.
class OcdbtStore::Walk {
 public:
  Walk(const Source& directory, const Take& take, const Damage& damage)
      : directory_(directory), take_(take), damage_(damage) {}

  void Run(const Node& root);

 private:
  // The columns that leaves and interior nodes share.
  struct Keys {
    std::vector<uint32_t> prefixes, suffixes;
    std::string key;  // relative to the node's prefix; the current one
    void Step(size_t i, ByteCursor* cursor);
  };

  std::optional<std::string> ReadNode(const Node& node) const;
  void ReadEntries(const Node& node, const std::string& body);
  void ReadLeaf(const Node& node, const std::vector<DataFile>& files,
                size_t count, Keys* keys, BodyCursor* cursor) const;
  void ReadInterior(const Node& node, const std::vector<DataFile>& files,
                    size_t count, Keys* keys, BodyCursor* cursor);

  const Source& directory_;
  const Take& take_;
  const Damage& damage_;
  std::vector<Node> pending_;  // the next one last
  uint64_t pending_bytes_ = 0;
  std::set<std::pair<std::string, uint64_t>> entered_;
};

void OcdbtStore::Walk::Keys::Step(size_t i, ByteCursor* cursor) {
  uint32_t shared = i == 0 ? 0 : prefixes[i - 1];
  if (shared > key.size()) cursor->Fail("shares more than there is");
  key.resize(shared);
  key += cursor->TakeText(suffixes[i], "key");
  if (key.size() > kMaxKey) cursor->Fail("has a key of over 4 KiB");
}

std::optional<std::string> OcdbtStore::Walk::ReadNode(const Node& node) const {
  Source file = directory_.Child(node.file);
  std::string where = fmt::format("node at {}", node.offset);
  if (!file.is_file()) {
    damage_(node.file, "is not there");
    return std::nullopt;
  }
  uint64_t size = file.size();
  if (node.offset > size || node.length > size - node.offset ||
      node.length > kMaxFrame) {
    damage_(node.file, fmt::format("{} needs {} bytes, the file has {}", where,
                                   node.length, size));
    return std::nullopt;
  }
  Result<std::string> body =
      OpenFrame(file.Read(node.offset, node.length), kNodeMagic, where);
  if (!body.ok()) {
    damage_(node.file, where + " " + body.error().what);
    return std::nullopt;
  }
  return std::move(body).value();
}

void OcdbtStore::Walk::ReadLeaf(const Node& node,
                                const std::vector<DataFile>& files,
                                size_t count, Keys* keys,
                                BodyCursor* cursor) const {
  // Keys stand in front of the columns of their values: read twice.
  BodyCursor key_cursor = *cursor;
  for (uint32_t suffix : keys->suffixes) cursor->Skip(suffix, "keys");
  auto sizes = cursor->Column<uint64_t>(count, "value size");
  auto kinds = cursor->Column<uint8_t>(count, "value kind");
  auto in_file = static_cast<uint64_t>(
      std::count_if(kinds.begin(), kinds.end(), [](uint8_t k) { return k; }));
  auto file_ids = cursor->Column<uint32_t>(in_file, "value file");
  auto offsets = cursor->Column<uint64_t>(in_file, "value offset");
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    keys->Step(i, &key_cursor);
    OcdbtValue value{.is_inline = kinds[i] == 0, .size = sizes[i]};
    if (value.is_inline) {
      value.inline_value = cursor->TakeText(sizes[i], "value");
    } else {
      if (file_ids[next] >= files.size()) cursor->Fail("names no data file");
      value.file = files[file_ids[next]].path;
      value.offset = offsets[next++];
    }
    take_(node.prefix + keys->key, value);
  }
}

void OcdbtStore::Walk::ReadInterior(const Node& node,
                                    const std::vector<DataFile>& files,
                                    size_t count, Keys* keys,
                                    BodyCursor* cursor) {
  auto common = cursor->Column<uint32_t>(count, "subtree prefix");
  BodyCursor key_cursor = *cursor;
  for (uint32_t suffix : keys->suffixes) cursor->Skip(suffix, "keys");
  auto file_ids = cursor->Column<uint32_t>(count, "file");
  auto offsets = cursor->Column<uint64_t>(count, "offset");
  auto lengths = cursor->Column<uint64_t>(count, "length");
  size_t first = pending_.size();
  for (size_t i = 0; i < count; ++i) {
    keys->Step(i, &key_cursor);
    if (common[i] > keys->key.size()) cursor->Fail("shares more than a key");
    if (file_ids[i] >= files.size()) cursor->Fail("names no data file");
    const DataFile& file = files[file_ids[i]];
    Node child{file.path,       offsets[i],
               lengths[i],      node.height - 1,
               file.transitive, node.prefix + keys->key.substr(0, common[i])};
    if (child.prefix.size() > kMaxKey) cursor->Fail("has a key of over 4 KiB");
    pending_bytes_ += sizeof child + child.prefix.size() + child.file.size();
    if (pending_bytes_ > kMaxPending) cursor->Fail("unfolds without end");
    pending_.push_back(std::move(child));
  }
  std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first),
               pending_.end());
}

void OcdbtStore::Walk::ReadEntries(const Node& node, const std::string& body) {
  BodyCursor cursor(AsBytes(body),
                    fmt::format("{}: node at {}", node.file, node.offset));
  if (uint8_t height = cursor.U8("height"); height != node.height) {
    cursor.Fail(fmt::format("is of height {}, its parent says {}", height,
                            node.height));
  }
  std::vector<DataFile> files = ReadDataFiles(&cursor, node.transitive);
  uint64_t count = cursor.Count(kMinEntry, "entries");
  if (count == 0) return;
  Keys keys;
  keys.prefixes = cursor.Column<uint32_t>(count - 1, "key prefix");
  keys.suffixes = cursor.Column<uint32_t>(count, "key suffix");
  if (node.height == 0) {
    ReadLeaf(node, files, count, &keys, &cursor);
  } else {
    ReadInterior(node, files, count, &keys, &cursor);
  }
}

void OcdbtStore::Walk::Run(const Node& root) {
  pending_.push_back(root);
  while (!pending_.empty()) {
    Node node = std::move(pending_.back());
    pending_.pop_back();
    if (!entered_.emplace(node.file, node.offset).second) {
      damage_(node.file,
              fmt::format("node at {} is reached twice", node.offset));
      continue;
    }
    if (auto body = ReadNode(node)) ReadEntries(node, *body);
  }
}

void OcdbtStore::List(const Take& take, const Damage& damage) const {
  if (!is_empty_) Walk(directory_, take, damage).Run(root_);
}

std::optional<std::string> OcdbtStore::Read(const OcdbtValue& value,
                                            uint64_t limit) const {
  if (value.is_inline) return value.inline_value;
  Source file = directory_.Child(value.file);
  bool is_there = file.is_file() && value.size <= limit &&
                  value.offset <= file.size() &&
                  value.size <= file.size() - value.offset;
  if (!is_there) return std::nullopt;
  return file.Read(value.offset, value.size);
}

}  // namespace ckptdiff
