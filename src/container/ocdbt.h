// OCDBT, TensorStore's key-value store in a directory: a B-tree whose nodes
// lie anywhere in a few data files, found through one manifest.
//
//   manifest.ocdbt   frame: versions of the tree, the newest last
//   d/<32 hex>       data files: frames (B-tree nodes) and values, end to end
//   ocdbt.process_<n>/  the same again, per writer, that the tree points into
//
// A frame is: magic u32 BIG-endian · length u64 LE of the whole frame ·
// version 0 · compression (0: none, 1: zstd) · body · CRC-32C u32 LE of all
// before it, not masked. In a body every number is a varint, and arrays are
// stored column by column. Keys share prefixes: with the key before them, and
// a child's with those of its parent.
//
//   manifest   uuid[16] · kind · limits · compression · data files · versions
//   data files n · shared prefix[n-1] · suffix[n] · base path size[n] · bytes
//   node       height u8 · data files · n · shared prefix[n-1] · suffix[n]
//              · (interior: prefix common to the subtree[n]) · key bytes
//     leaf     value size[n] · kind[n] (0: inline, 1: in a file)
//              · file[] · offset[] of kind 1 · the inline values
//     interior file[n] · offset[n] · length[n] · three statistics[n]

#ifndef CKPTDIFF_CONTAINER_OCDBT_H_
#define CKPTDIFF_CONTAINER_OCDBT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "io/source.h"

namespace ckptdiff {

inline constexpr const char* kOcdbtManifest = "manifest.ocdbt";

// A value: inline, or [offset, offset + size) of a file below the directory.
struct OcdbtValue {
  bool is_inline = false;
  std::string inline_value;
  std::string file;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// The newest version of the store whose manifest stands in a directory.
class OcdbtStore {
 public:
  // Reads the manifest. Throws ParseError: kCorrupt, kUnsupported.
  explicit OcdbtStore(const Source& directory);

  using Take =
      std::function<void(const std::string& key, const OcdbtValue& value)>;
  using Damage =
      std::function<void(const std::string& file, const std::string& what)>;

  // Calls `take` for every key, in order. Nodes are read one at a time; what
  // lies below one that is missing or damaged is skipped and told to `damage`
  // with the file it should be in. Throws ParseError where a whole node
  // contradicts itself.
  void List(const Take& take, const Damage& damage) const;

  // The bytes of a value; nullopt where they are not there or have more than
  // `limit` bytes.
  std::optional<std::string> Read(const OcdbtValue& value,
                                  uint64_t limit) const;

  // Keys that the newest version says it has.
  uint64_t key_count() const { return key_count_; }

 private:
  struct Node {
    std::string file;
    uint64_t offset = 0;
    uint64_t length = 0;
    uint64_t height = 0;
    std::string transitive;  // what its children's paths begin with
    std::string prefix;      // of every key below
  };
  class Walk;

  Source directory_;
  Node root_;
  bool is_empty_ = true;
  uint64_t key_count_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_OCDBT_H_
