// The index of a TensorFlow V2 checkpoint ("tensor bundle"): an SSTable from
// names to what and where. The tensors themselves are raw bytes in shards
// beside it.
//
//   key ""       BundleHeaderProto  1 num_shards, 2 endianness (1: big),
//                                   3 version {1 producer, 2 min_consumer}
//   other keys   BundleEntryProto   1 dtype, 2 shape, 3 shard_id, 4 offset,
//                                   5 size, 6 crc32c (masked, fixed32),
//                                   7 repeated slice
//   keys that    one slice of a partitioned tensor; the entry under its plain
//   begin 00     name has the whole shape and lists the slices

#ifndef CKPTDIFF_CONTAINER_TENSOR_BUNDLE_H_
#define CKPTDIFF_CONTAINER_TENSOR_BUNDLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/sstable.h"
#include "container/tf_proto.h"
#include "io/file_system.h"

namespace ckptdiff {

// The key of the object graph of a TF2 checkpoint.
inline constexpr std::string_view kObjectGraphKey =
    "_CHECKPOINTABLE_OBJECT_GRAPH";

struct BundleHeader {
  uint32_t shards = 1;
  bool big_endian = false;
};

// One entry; names and dimensions stand in the arenas of its BundleIndex.
// Small on purpose: a page that is touched for the first time costs more than
// the entries that fit into it.
struct BundleEntry {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t key_begin = 0;
  uint32_t key_size = 0;
  uint32_t dims_begin = 0;
  uint32_t shard = 0;
  uint32_t crc = 0;  // masked
  uint16_t rank = 0;
  uint8_t dtype = 0;  // DataType; TfDTypeName knows it
  bool has_crc : 1 = false;
  bool is_partitioned : 1 = false;  // has slices, and no data of its own
};

// A whole index in a few allocations: listing a hundred thousand tensors is
// hardly slower than reading the bytes.
class BundleIndex {
 public:
  const BundleHeader& header() const { return header_; }
  // In the order of the keys, slices included, without the header.
  const std::vector<BundleEntry>& entries() const { return entries_; }

  std::string_view Key(const BundleEntry& entry) const {
    return std::string_view(keys_).substr(entry.key_begin, entry.key_size);
  }
  std::span<const int64_t> Dims(const BundleEntry& entry) const {
    return std::span(dims_).subspan(entry.dims_begin, entry.rank);
  }
  // An entry that is one slice of a partitioned tensor.
  bool IsSlice(const BundleEntry& entry) const {
    return entry.key_size > 0 && keys_[entry.key_begin] == '\0';
  }
  const BundleEntry* Find(std::string_view key) const;
  // The slices of a partitioned tensor, in the order of the file.
  std::vector<TensorSlice> Slices(const BundleEntry& entry) const;

 private:
  friend BundleIndex ListBundleEntries(const File& index);
  void Add(const SsTable::Entry& entry);
  uint32_t PlaceDims(std::span<const int64_t> dims);

  BundleHeader header_;
  std::string keys_;
  std::vector<int64_t> dims_;
  std::vector<BundleEntry> entries_;
  // Entry messages of the few tensors that are partitioned, by key_begin.
  std::vector<std::pair<uint32_t, std::string>> partitioned_;
};

// Reads the whole index. Throws ParseError: a damaged index tells nothing.
BundleIndex ListBundleEntries(const File& index);

// What a table says that it is.
struct TableKind {
  enum { kNone, kBundle, kObjectBundle, kV1 } kind = kNone;
  uint32_t shards = 0;  // of a bundle
};
// Reads two or three blocks; throws ParseError where they are damaged.
TableKind KindOfTable(const File& file);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_TENSOR_BUNDLE_H_
