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
  // The value of an integer (or whole floating) scalar whose checksum is
  // right.
  std::optional<int64_t> ScalarInt(const BundleEntry& entry) const;

  // What is wrong with the files, as far as sizes tell: shards that are not
  // there or too short, sizes that do not fit their shapes, tensors that
  // overlap, slices that do not make up their tensor. With `verify`, what the
  // checksum of every payload says, too.
  std::vector<Issue> Examine(bool verify) const;

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

// What contradicts the checksum of one payload; empty: nothing, as far as its
// shard holds it.
std::string PayloadProblem(const TensorBundle& bundle,
                           const BundleEntry& entry);
// All payloads but the object graph's. Streams them, 256 KiB at a time.
std::vector<Issue> VerifyPayloads(const TensorBundle& bundle);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_BUNDLE_H_
