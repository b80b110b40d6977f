#include "formats/tf/bundle_damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "formats/tf/payload.h"

namespace ckptdiff {
namespace {

// An issue names so many tensors, and counts the rest.
constexpr size_t kMaxNamed = 3;
// A hostile header claims a hundred thousand shards.
constexpr uint32_t kMaxMissingShards = 16;

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
    std::string name = bundle.ShardName(shard);
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

std::vector<Issue> ExamineBundle(const TensorBundle& bundle, bool verify) {
  std::vector<Issue> issues = bundle.prefix().issues;
  CheckShards(bundle, &issues);
  CheckSizes(bundle, &issues);
  CheckSlices(bundle, &issues);
  CheckOverlaps(bundle, &issues);
  if (verify) {
    std::vector<Issue> found = VerifyPayloads(bundle);
    issues.insert(issues.end(), found.begin(), found.end());
  }
  return issues;
}

}  // namespace ckptdiff
