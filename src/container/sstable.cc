#include "container/sstable.h"

#include <fmt/format.h>
#include <snappy.h>

#include <algorithm>
#include <utility>

#include "base/parse_error.h"
#include "container/crc32c.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kFooterBytes = 48;
constexpr uint64_t kTrailerBytes = 5;
constexpr uint64_t kMagic = 0xdb4775248b80fb57;
constexpr std::string_view kMagicText = "\x57\xfb\x80\x8b\x24\x75\x47\xdb";

// Three bytes of snappy stand for at most 64 bytes: what claims to expand
// further is no snappy, and is not allocated.
constexpr uint64_t kMaxSnappyRatio = 22;

enum BlockType : uint8_t { kRaw = 0, kSnappy = 1 };

std::string BlockName(uint64_t offset) {
  return fmt::format("block at {}", offset);
}

// The entries of a block's content, without the restarts behind them.
Bytes EntriesOf(Bytes content, const std::string& where) {
  if (content.size() < 4) {
    throw Corrupt(where, fmt::format("has {} bytes", content.size()));
  }
  uint32_t restarts =
      ByteCursor(content.last(4), where).LittleU32("number of restarts");
  uint64_t tail = 4 + uint64_t{4} * restarts;
  if (restarts == 0 || tail > content.size()) {
    throw Corrupt(where, fmt::format("has {} bytes and claims {} restarts",
                                     content.size(), restarts));
  }
  return content.first(content.size() - static_cast<size_t>(tail));
}

}  // namespace

bool EndsLikeSsTable(std::string_view tail) {
  return tail.ends_with(kMagicText);
}

std::span<std::byte> SsTable::Buffer::Take(uint64_t size) {
  auto wanted = static_cast<size_t>(size);
  if (wanted > capacity) {
    bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
    capacity = wanted;
  }
  return {bytes.get(), wanted};
}

void SsTable::Cursor::Fail(std::string_view what) const {
  throw Corrupt(BlockName(block_offset_),
                fmt::format("entry at {} {}", at_ - begin_, what));
}

SsTable::SsTable(const File& file) : file_(file) {
  if (file.size() < kFooterBytes) {
    throw Corrupt("footer", fmt::format("the file has {} bytes, a table has "
                                        "at least {}",
                                        file.size(), kFooterBytes));
  }
  std::byte bytes[kFooterBytes];
  file.ReadAt(file.size() - kFooterBytes, bytes);
  ByteCursor magic(Bytes(bytes).last(8), "footer");
  if (magic.LittleU64("magic") != kMagic) {
    throw ParseError(ErrorCode::kCorrupt, "footer",
                     "no table ends here (bad magic number)",
                     "the file is cut short or of another kind");
  }
  ByteCursor cursor(Bytes(bytes).first(kFooterBytes - 8), "footer");
  Handle metaindex = ReadHandle(cursor, "metaindex block");
  Handle index = ReadHandle(cursor, "index block");
  Block block;
  Load(metaindex, &block);
  Load(index, &block);
  Cursor entries;
  entries.Enter(block, index.offset);
  // Writers put block behind block. A file that lists one block a million
  // times would be read a million times.
  uint64_t end = 0;
  for (Entry entry; entries.Next(&entry);) {
    ByteCursor value(entry.value, BlockName(index.offset));
    Handle handle = ReadHandle(value, "data block");
    if (handle.offset < end) {
      value.Fail(fmt::format("data block at {} overlaps the one before it",
                             handle.offset));
    }
    end = handle.offset + handle.size + kTrailerBytes;
    blocks_.push_back({std::string(entry.key), handle});
  }
}

SsTable::Handle SsTable::ReadHandle(ByteCursor& cursor,
                                    std::string_view what) const {
  Handle handle;
  handle.offset = cursor.Varint64("offset");
  handle.size = cursor.Varint64("size");
  uint64_t room = file_.size() - kFooterBytes;
  std::optional<uint64_t> end = CheckedAdd(handle.offset, handle.size);
  if (end) end = CheckedAdd(*end, kTrailerBytes);
  if (!end || *end > room) {
    cursor.Fail(
        fmt::format("{} of {} bytes at {} lies outside the {} bytes "
                    "before the footer",
                    what, handle.size, handle.offset, room));
  }
  return handle;
}

void SsTable::Uncompress(Bytes content, const std::string& where,
                         Block* block) {
  const char* raw = reinterpret_cast<const char*>(content.data());
  size_t size = 0;
  if (!snappy::GetUncompressedLength(raw, content.size(), &size) ||
      size > kMaxSnappyRatio * content.size()) {
    throw Corrupt(where, "holds no snappy data");
  }
  std::span<std::byte> plain = block->plain.Take(size);
  if (!snappy::RawUncompress(raw, content.size(),
                             reinterpret_cast<char*>(plain.data()))) {
    throw Corrupt(where, "holds no snappy data");
  }
  block->entries = EntriesOf(plain, where);
}

void SsTable::Load(const Handle& handle, Block* block) const {
  std::string where = BlockName(handle.offset);
  std::span<std::byte> all = block->stored.Take(handle.size + kTrailerBytes);
  file_.ReadAt(handle.offset, all);
  Bytes checked = Bytes(all).first(all.size() - 4);
  uint32_t want =
      ByteCursor(Bytes(all).last(4), where).LittleU32("block checksum");
  uint32_t have = MaskCrc32c(Crc32c(checked));
  if (want != have) {
    throw Corrupt(
        where, fmt::format("checksum is {:08x}, {:08x} is stored", have, want));
  }
  Bytes content = checked.first(checked.size() - 1);
  auto type = std::to_integer<uint8_t>(checked.back());
  block->offset.reset();
  if (type == kSnappy) {
    Uncompress(content, where, block);
  } else if (type == kRaw) {
    block->entries = EntriesOf(content, where);
    block->offset = handle.offset;
  } else {
    throw Unsupported(where,
                      fmt::format("compression type {} is not read", type));
  }
}

size_t SsTable::BlockOf(std::string_view key) const {
  auto found =
      std::lower_bound(blocks_.begin(), blocks_.end(), key,
                       [](const IndexedBlock& block, std::string_view wanted) {
                         return block.last < wanted;
                       });
  return static_cast<size_t>(found - blocks_.begin());
}

}  // namespace ckptdiff
