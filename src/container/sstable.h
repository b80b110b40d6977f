// LevelDB's sorted table: TensorFlow keeps the index of a V2 checkpoint and
// the whole of a V1 checkpoint in one. From the end of the file:
//
//   footer, 48 bytes   handle of the metaindex block, handle of the index
//                      block (each varint offset, varint size), zeros,
//                      magic u64 0xdb4775248b80fb57
//   block              `size` bytes of content, type byte (0 raw, 1 snappy),
//                      u32 masked CRC-32C over content and type byte
//   content            entries, then u32 offsets of restarts, then their
//                      number as u32 (at least one)
//   entry              varint shared, varint non_shared, varint value_size,
//                      non_shared bytes of key, value
//
// The first `shared` bytes of a key are those of the key before it. The index
// block has one entry for a data block: its handle. TensorFlow writes blocks
// of 256 KiB without compression; other builds of it use snappy.
//
// LevelDB's own reader is not used: it crashes on a handle near 2^64 and
// takes a block without restarts for an empty one. Here every checksum, every
// length, the order and the uniqueness of keys are checked.

#ifndef CKPTDIFF_CONTAINER_SSTABLE_H_
#define CKPTDIFF_CONTAINER_SSTABLE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "container/proto_wire.h"
#include "io/file_system.h"

namespace ckptdiff {

// True for the last bytes of a table.
bool EndsLikeSsTable(std::string_view tail);

class SsTable {
 public:
  // Both views live until the next entry is visited.
  struct Entry {
    std::string_view key;
    Bytes value;
    // Where the value stands in the file; nullopt in a compressed block.
    std::optional<uint64_t> offset;
  };

  // Reads and checks the footer, the metaindex and the index block; the file
  // must outlive the table. Throws ParseError, as every member does.
  explicit SsTable(const File& file);

  size_t block_count() const { return blocks_.size(); }

  // Calls `visit(const Entry&)` for every entry in order, until it returns
  // false. Each block is read and checked when its turn comes.
  template <typename Visit>
  void Each(Visit visit) const {
    EachFrom(0, visit);
  }

  // As Each, from the first block that can hold `key`.
  template <typename Visit>
  void EachFromBlockOf(std::string_view key, Visit visit) const {
    EachFrom(BlockOf(key), visit);
  }

 private:
  struct Handle {
    uint64_t offset = 0;
    uint64_t size = 0;
  };
  struct IndexedBlock {
    std::string last;  // no key in the block is greater
    Handle handle;
  };
  // Memory that is used again: a block for the next one, where that fits.
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    size_t capacity = 0;

    std::span<std::byte> Take(uint64_t size);
  };
  struct Block {
    Buffer stored;
    Buffer plain;   // of a compressed block
    Bytes entries;  // without restarts
    std::optional<uint64_t> offset;
  };
  class Cursor;

  Handle ReadHandle(ByteCursor& cursor, std::string_view what) const;
  void Load(const Handle& handle, Block* block) const;
  static void Uncompress(Bytes content, const std::string& where, Block* block);
  size_t BlockOf(std::string_view key) const;

  template <typename Visit>
  void EachFrom(size_t first, Visit& visit) const;

  const File& file_;
  std::vector<IndexedBlock> blocks_;
};

// Walks the entries of one block; keeps the key from one block to the next.
class SsTable::Cursor {
 public:
  void Enter(const Block& block, uint64_t block_offset) {
    at_ = begin_ = block.entries.data();
    end_ = at_ + block.entries.size();
    offset_ = block.offset;
    block_offset_ = block_offset;
    at_block_start_ = true;
  }

  bool Next(Entry* entry) {
    if (at_ == end_) return false;
    uint64_t shared = 0, added = 0, size = 0;
    const std::byte* at = ReadVarint(at_, end_, &shared);
    if (at != nullptr) at = ReadVarint(at, end_, &added);
    if (at != nullptr) at = ReadVarint(at, end_, &size);
    if (at == nullptr) Fail("has a broken length");
    auto left = static_cast<uint64_t>(end_ - at);
    if (added > left || size > left - added) Fail("is longer than its block");
    if (shared > (at_block_start_ ? 0 : key_size_)) {
      Fail("shares more of a key than there is");
    }
    const char* suffix = reinterpret_cast<const char*>(at);
    if (has_key_ && !Ascends(static_cast<size_t>(shared), suffix,
                             static_cast<size_t>(added))) {
      Fail("is not greater than the key before it");
    }
    key_size_ = static_cast<size_t>(shared + added);
    if (key_size_ > key_.size()) key_.resize(2 * key_size_);
    std::copy_n(suffix, added, key_.data() + shared);
    has_key_ = true;
    at_block_start_ = false;
    at += added;
    entry->key = std::string_view(key_.data(), key_size_);
    entry->value = {at, static_cast<size_t>(size)};
    if (offset_) entry->offset = *offset_ + static_cast<uint64_t>(at - begin_);
    at_ = at + size;
    return true;
  }

 private:
  // Whether the suffix is greater than the rest of the key before it. Writers
  // share all that is equal, so that mostly one byte tells.
  bool Ascends(size_t shared, const char* suffix, size_t size) const {
    size_t left = key_size_ - shared;
    if (left > 0 && size > 0 && suffix[0] != key_[shared]) {
      return static_cast<unsigned char>(suffix[0]) >
             static_cast<unsigned char>(key_[shared]);
    }
    return std::string_view(suffix, size) >
           std::string_view(key_.data() + shared, left);
  }
  [[noreturn]] void Fail(std::string_view what) const;

  const std::byte* begin_ = nullptr;
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
  std::optional<uint64_t> offset_;
  uint64_t block_offset_ = 0;
  std::string key_;  // as long as the longest so far
  size_t key_size_ = 0;
  bool has_key_ = false;
  bool at_block_start_ = true;
};

template <typename Visit>
void SsTable::EachFrom(size_t first, Visit& visit) const {
  Cursor cursor;
  Entry entry;
  Block block;
  for (size_t i = first; i < blocks_.size(); ++i) {
    Load(blocks_[i].handle, &block);
    cursor.Enter(block, blocks_[i].handle.offset);
    entry.offset.reset();
    while (cursor.Next(&entry)) {
      if (!visit(static_cast<const Entry&>(entry))) return;
    }
  }
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_SSTABLE_H_
