#include "formats/tf/bundle.h"

#include "base/bytes.h"
#include "base/name_parts.h"
#include "base/parse_error.h"

namespace ckptdiff {

TensorBundle::TensorBundle(const FileSystem& files, TfPrefix prefix)
    : files_(files), prefix_(std::move(prefix)) {
  index_ = ListBundleEntries(*files_.Open(prefix_.index));
}

std::string TensorBundle::ShardName(uint32_t shard) const {
  return std::string(
      LastPart(ShardPath(prefix_.path, shard, index_.header().shards), "/"));
}

std::optional<uint64_t> TensorBundle::ShardSize(uint32_t shard) const {
  auto [found, is_new] = sizes_.try_emplace(shard);
  if (is_new) {
    std::string path = ShardPath(prefix_.path, shard, index_.header().shards);
    if (files_.Kind(path) == PathKind::kFile) {
      open_ = files_.Open(path);
      open_shard_ = shard;
      found->second = open_->size();
    }
  }
  return found->second;
}

bool TensorBundle::Holds(const BundleEntry& entry) const {
  std::optional<uint64_t> size = ShardSize(entry.shard);
  return size && entry.offset <= *size && entry.size <= *size - entry.offset;
}

const File& TensorBundle::Shard(uint32_t shard) const {
  if (open_ == nullptr || open_shard_ != shard) {
    open_ = files_.Open(ShardPath(prefix_.path, shard, index_.header().shards));
    open_shard_ = shard;
  }
  return *open_;
}

Variable TensorBundle::Describe(const BundleEntry& entry) const {
  Variable variable;
  variable.key = index_.Key(entry);
  variable.name = variable.key;
  std::span<const int64_t> dims = index_.Dims(entry);
  variable.shape = Shape::Of({dims.begin(), dims.end()});
  variable.dtype = *TfDTypeName(entry.dtype);
  if (entry.is_partitioned) {
    uint64_t bytes = 0;
    for (const TensorSlice& slice : index_.Slices(entry)) {
      const BundleEntry* part =
          index_.Find(EncodeSliceKey(variable.key, slice));
      if (part != nullptr) bytes += part->size;
    }
    variable.bytes = bytes;
    return variable;
  }
  variable.bytes = entry.size;
  variable.data = ByteRange{ShardName(entry.shard), entry.offset, entry.size};
  if (entry.has_crc) {
    variable.checksum = Checksum{Checksum::Kind::kMaskedCrc32c, entry.crc};
  }
  return variable;
}

std::optional<std::string> TensorBundle::Payload(const BundleEntry& entry,
                                                 uint64_t limit) const {
  if (entry.size > limit || entry.is_partitioned || !Holds(entry)) {
    return std::nullopt;
  }
  std::string bytes(static_cast<size_t>(entry.size), '\0');
  Shard(entry.shard)
      .ReadAt(entry.offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::optional<std::string> TensorBundle::ScalarString(const BundleEntry& entry,
                                                      uint64_t limit) const {
  if (*TfDTypeName(entry.dtype) != "string" || entry.rank != 0) return {};
  std::optional<std::string> payload = Payload(entry, limit);
  if (!payload) return std::nullopt;
  // The length as varint, a checksum of it, the bytes.
  ByteCursor cursor(AsBytes(*payload), "string tensor");
  uint64_t size = cursor.Varint64("length");
  cursor.Skip(4, "checksum of the length");
  return std::string(cursor.TakeText(size, "string"));
}

Claim ClaimBundle(const Source& source, const ReadOptions& options, int kind) {
  std::optional<TfPrefix> prefix = FindTfPrefix(source, options);
  if (!prefix) return {};
  Claim claim{Match::kYes, prefix->index, {}};
  try {
    TableKind table = KindOfTable(*source.files().Open(prefix->index));
    if (table.kind != kind) return {};
    for (uint32_t shard = 0; shard < table.shards; ++shard) {
      claim.members.push_back(ShardPath(prefix->path, shard, table.shards));
    }
  } catch (const ParseError&) {
    bool is_index = prefix->index.ends_with(".index");
    if (kind != TableKind::kBundle || !is_index) return {};
    claim.match = Match::kMaybe;
    claim.members.push_back(ShardPath(prefix->path, 0, 1));
  }
  claim.members.push_back(prefix->path + ".meta");
  claim.members.push_back(JoinPath(
      Source(source.files(), prefix->index).directory(), "checkpoint"));
  return claim;
}

}  // namespace ckptdiff
