#include "formats/tf/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"

namespace ckptdiff {
namespace {

// An issue names so many tensors, and counts the rest.
constexpr size_t kMaxNamed = 3;
// A hostile header claims a hundred thousand shards.
constexpr uint32_t kMaxMissingShards = 16;

std::string NameOfShard(const std::string& prefix, uint32_t shard,
                        uint32_t shards) {
  return std::string(LastPart(ShardPath(prefix, shard, shards), "/"));
}

// Collects the tensors that one message is about.
class Names {
 public:
  void Add(std::string_view name) {
    if (++count_ <= kMaxNamed) {
      if (!text_.empty()) text_ += ", ";
      text_ += Printable(name);
    }
  }
  bool empty() const { return count_ == 0; }
  size_t count() const { return count_; }
  std::string Text() const {
    if (count_ <= kMaxNamed) return text_;
    return fmt::format("{} and {} more", text_, count_ - kMaxNamed);
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

// What the shape and type of an entry say that it must occupy; nullopt where
// they do not say it (strings), or where 4-bit types are packed or not.
std::optional<uint64_t> ExpectedBytes(const BundleIndex& index,
                                      const BundleEntry& entry) {
  std::optional<uint32_t> bits = DTypeBits(*TfDTypeName(entry.dtype));
  if (!bits || *bits % 8 != 0) return std::nullopt;
  std::span<const int64_t> dims = index.Dims(entry);
  std::optional<uint64_t> elements =
      Shape::Of({dims.begin(), dims.end()}).Elements();
  if (!elements) return UINT64_MAX;
  return CheckedMul(*elements, *bits / 8).value_or(UINT64_MAX);
}

void CheckSizes(const TensorBundle& bundle, std::vector<Issue>* issues) {
  const BundleIndex& index = bundle.index();
  for (const BundleEntry& entry : index.entries()) {
    if (entry.is_partitioned) continue;
    std::optional<uint64_t> expected = ExpectedBytes(index, entry);
    if (!expected || *expected == entry.size) continue;
    issues->push_back(
        {"truncated-data", Printable(index.Key(entry)),
         fmt::format("has {} bytes in its shard, its shape and type ask for {}",
                     entry.size, *expected)});
  }
}

void CheckShards(const TensorBundle& bundle, std::vector<Issue>* issues) {
  const BundleIndex& index = bundle.index();
  std::map<uint32_t, Names> lost;  // by shard
  for (const BundleEntry& entry : index.entries()) {
    if (!entry.is_partitioned && !bundle.Holds(entry)) {
      lost[entry.shard].Add(index.Key(entry));
    }
  }
  uint32_t shards = index.header().shards;
  uint32_t missing = 0;
  for (uint32_t shard = 0; shard < shards; ++shard) {
    std::optional<uint64_t> size = bundle.ShardSize(shard);
    const Names& names = lost[shard];
    std::string name = NameOfShard(bundle.prefix().path, shard, shards);
    if (!size && ++missing <= kMaxMissingShards) {
      std::string of = names.empty() ? "" : " of " + names.Text();
      issues->push_back({"missing-shard", name,
                         fmt::format("is not there; it holds the data{}", of)});
    } else if (size && !names.empty()) {
      issues->push_back(
          {"truncated-data", name,
           fmt::format("has {} bytes, too few for {}: {}", *size,
                       Count(names.count(), "tensor"), names.Text())});
    }
  }
  if (missing > kMaxMissingShards) {
    issues->push_back(
        {"missing-shard",
         {},
         fmt::format("{} of {} shards are not there", missing, shards)});
  }
}

void CheckOverlaps(const TensorBundle& bundle, std::vector<Issue>* issues) {
  const BundleIndex& index = bundle.index();
  std::vector<const BundleEntry*> order;
  for (const BundleEntry& entry : index.entries()) {
    if (!entry.is_partitioned && entry.size > 0) order.push_back(&entry);
  }
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->shard, a->offset) < std::pair(b->shard, b->offset);
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const BundleEntry& before = *order[i - 1];
    const BundleEntry& entry = *order[i];
    if (before.shard != entry.shard ||
        before.offset + before.size <= entry.offset) {
      continue;
    }
    issues->push_back(
        {"overlapping-tensors", Printable(index.Key(entry)),
         fmt::format("begins at {} of its shard, inside {}, which ends at {}",
                     entry.offset, Printable(index.Key(before)),
                     before.offset + before.size)});
  }
}

// What is wrong with the slices of one tensor; empty: nothing.
std::string SliceProblem(const BundleIndex& index, const BundleEntry& entry) {
  std::span<const int64_t> dims = index.Dims(entry);
  std::vector<int64_t> full(dims.begin(), dims.end());
  uint64_t covered = 0;
  for (const TensorSlice& slice : index.Slices(entry)) {
    auto shape = SliceShape(slice, full);
    if (!shape) return "has a slice outside its shape";
    if (!index.Find(EncodeSliceKey(index.Key(entry), slice))) {
      return "lacks one of its slices";
    }
    covered += Shape::Of(*shape).Elements().value_or(0);
  }
  uint64_t whole = Shape::Of(full).Elements().value_or(0);
  if (covered == whole) return {};
  return fmt::format("has slices of {} elements in a shape of {}", covered,
                     whole);
}

void CheckSlices(const TensorBundle& bundle, std::vector<Issue>* issues) {
  for (const BundleEntry& entry : bundle.index().entries()) {
    if (!entry.is_partitioned) continue;
    std::string problem = SliceProblem(bundle.index(), entry);
    if (problem.empty()) continue;
    issues->push_back(
        {"truncated-data", Printable(bundle.index().Key(entry)), problem});
  }
}

}  // namespace

TensorBundle::TensorBundle(const FileSystem& files, TfPrefix prefix)
    : files_(files), prefix_(std::move(prefix)) {
  index_ = ListBundleEntries(*files_.Open(prefix_.index));
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
  std::string shard =
      NameOfShard(prefix_.path, entry.shard, index_.header().shards);
  variable.data = ByteRange{std::move(shard), entry.offset, entry.size};
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

std::optional<int64_t> TensorBundle::ScalarInt(const BundleEntry& entry) const {
  if (entry.rank != 0) return std::nullopt;
  std::optional<std::string> payload = Payload(entry, 8);
  if (!payload || !PayloadProblem(*this, entry).empty()) return std::nullopt;
  if (index_.header().big_endian)
    std::reverse(payload->begin(), payload->end());
  ByteCursor cursor(AsBytes(*payload));
  std::string_view dtype = *TfDTypeName(entry.dtype);
  if (dtype == "int64" && payload->size() == 8) {
    return static_cast<int64_t>(cursor.LittleU64("value"));
  }
  if (dtype == "int32" && payload->size() == 4) {
    return static_cast<int32_t>(cursor.LittleU32("value"));
  }
  if (dtype == "float32" && payload->size() == 4) {
    float value = std::bit_cast<float>(cursor.LittleU32("value"));
    bool is_whole = value >= 0 && value < 1e9F && std::floor(value) == value;
    if (is_whole) return static_cast<int64_t>(value);
  }
  return std::nullopt;
}

std::vector<Issue> TensorBundle::Examine(bool verify) const {
  std::vector<Issue> issues = prefix_.issues;
  CheckShards(*this, &issues);
  CheckSizes(*this, &issues);
  CheckSlices(*this, &issues);
  CheckOverlaps(*this, &issues);
  if (verify) {
    std::vector<Issue> found = VerifyPayloads(*this);
    issues.insert(issues.end(), found.begin(), found.end());
  }
  return issues;
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
