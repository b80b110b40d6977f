// One tensor bundle with its shards: what tf-bundle, tf-bundle-object and
// saved-model have in common.

#ifndef CKPTDIFF_FORMATS_TF_BUNDLE_H_
#define CKPTDIFF_FORMATS_TF_BUNDLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/tensor_bundle.h"
#include "formats/format.h"
#include "formats/tf/prefix.h"

namespace ckptdiff {

class TensorBundle {
 public:
  // Reads the index. Throws ParseError.
  TensorBundle(const FileSystem& files, TfPrefix prefix);

  const BundleIndex& index() const { return index_; }
  const TfPrefix& prefix() const { return prefix_; }

  // Key, name (the key), shape, dtype, size, place and checksum.
  Variable Describe(const BundleEntry& entry) const;

  // The name of a shard's file.
  std::string ShardName(uint32_t shard) const;
  // Size of a shard; nullopt where it is missing.
  std::optional<uint64_t> ShardSize(uint32_t shard) const;
  // True where the shard has the bytes of the entry.
  bool Holds(const BundleEntry& entry) const;
  // The shard, open; it must be there. Only the latest is kept open: a
  // checkpoint may have more of them than a process may open.
  const File& Shard(uint32_t shard) const;
  // The payload of an entry of at most `limit` bytes; nullopt where it is
  // larger or the shard does not hold it.
  std::optional<std::string> Payload(const BundleEntry& entry,
                                     uint64_t limit) const;
  // The only string of a scalar string tensor, checked for length.
  std::optional<std::string> ScalarString(const BundleEntry& entry,
                                          uint64_t limit) const;

 private:
  const FileSystem& files_;
  TfPrefix prefix_;
  BundleIndex index_;
  mutable std::map<uint32_t, std::optional<uint64_t>> sizes_;
  mutable std::unique_ptr<File> open_;
  mutable uint32_t open_shard_ = 0;
};

// The claim of a format whose tables are of `kind`; shared by detectors.
// A table that cannot be read is claimed as a name-based bundle, so that
// reading it says what is wrong.
Claim ClaimBundle(const Source& source, const ReadOptions& options, int kind);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_BUNDLE_H_
