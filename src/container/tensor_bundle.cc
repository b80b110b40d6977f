// Over 300 lines: an entry is parsed in two ways, a lean and a general one,
// that must stay side by side.

#include "container/tensor_bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

// The oldest reader that knows the format has version 1.
constexpr int64_t kVersion = 1;
constexpr uint64_t kMaxShards = 100'000;  // five digits in a shard's name

// Keys share prefixes: a small file can stand for very long keys. Real ones
// add up to less than the file.
constexpr uint64_t kSpareKeyBytes = 8 << 20;
constexpr uint64_t kMaxKeyRatio = 8;
constexpr uint64_t kMaxKeyBytes = UINT32_MAX;  // places in the arena

// What an entry takes in an index of short names.
constexpr size_t kUsualEntryBytes = 40;
constexpr size_t kMaxRank = 254;  // of TensorFlow
constexpr uint64_t kMaxReserve = 64 << 20;

std::string EntryName(std::string_view key) {
  return fmt::format("entry \"{}\"", Printable(key));
}

BundleHeader ReadHeader(Bytes value) {
  BundleHeader header;
  int64_t shards = 0, min_consumer = 0;
  for (ProtoMessage message(value, "bundle header"); message.Next();) {
    switch (message.number()) {
      case 1: shards = message.Int(); break;
      case 2: header.big_endian = message.Varint() == 1; break;
      case 3:
        for (ProtoMessage version = message.Nested("bundle header: version");
             version.Next();) {
          if (version.number() == 2) min_consumer = version.Int();
        }
        break;
      default: break;
    }
  }
  if (min_consumer > kVersion) {
    throw Unsupported("bundle header",
                      fmt::format("asks for a reader of version {}, this one "
                                  "knows {}",
                                  min_consumer, kVersion));
  }
  if (shards < 1 || static_cast<uint64_t>(shards) > kMaxShards) {
    throw Corrupt("bundle header", fmt::format("claims {} shards", shards));
  }
  header.shards = static_cast<uint32_t>(shards);
  return header;
}

// The fields of an entry, before anybody asks whether they make sense.
struct RawEntry {
  uint64_t dtype = 0;
  uint64_t shard = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t crc = 0;
  bool has_crc = false;
  bool is_partitioned = false;
};

// A shape of few dimensions; of more, an entry is not plain.
struct PlainDims {
  static constexpr size_t kMost = 8;
  size_t rank = 0;
  std::array<int64_t, kMost> dims;
};

// The dimensions of a shape that is written as every TensorFlow writes it;
// false for any other (names, unknown rank), which ReadAnyEntry reads or
// refuses.
// `limit` is the end of the entry: a number may be loaded from beyond its
// dimension, it only must end with it.
bool ReadPlainShape(const std::byte* at, const std::byte* end,
                    const std::byte* limit, PlainDims* shape) {
  size_t rank = 0;
  for (; at != end; ++rank) {
    if (end - at < 2 || at[0] != std::byte{0x12} || rank == PlainDims::kMost) {
      return false;
    }
    auto size = std::to_integer<int>(at[1]);
    at += 2;
    if (size > end - at) return false;
    const std::byte* dim_end = at + size;
    uint64_t dim = 0;
    if (size > 0 && (*at != std::byte{0x08} ||
                     ReadVarint(at + 1, limit, &dim) != dim_end)) {
      return false;
    }
    shape->dims[rank] = static_cast<int64_t>(dim);
    at = dim_end;
  }
  shape->rank = rank;
  return true;
}

// The lean way of ReadAnyEntry: fields with one-byte tags, nothing but what
// TensorFlow writes. False where there is anything else.
bool ReadPlainEntry(Bytes value, RawEntry* out, PlainDims* shape) {
  RawEntry entry;  // its own, so that no byte read can alias it
  const std::byte* at = value.data();
  const std::byte* end = at + value.size();
  while (at != end) {
    auto tag = std::to_integer<uint8_t>(*at++);
    uint64_t number = 0;
    if (tag == 0x35) {
      if (end - at < 4) return false;
      entry.crc = std::to_integer<uint32_t>(at[0]) |
                  std::to_integer<uint32_t>(at[1]) << 8 |
                  std::to_integer<uint32_t>(at[2]) << 16 |
                  std::to_integer<uint32_t>(at[3]) << 24;
      entry.has_crc = true;
      at += 4;
      continue;
    }
    at = ReadVarint(at, end, &number);
    if (at == nullptr) return false;
    switch (tag) {
      case 0x08: entry.dtype = number; break;
      case 0x12:
        if (number > static_cast<uint64_t>(end - at) ||
            !ReadPlainShape(at, at + number, end, shape)) {
          return false;
        }
        at += number;
        break;
      case 0x18: entry.shard = number; break;
      case 0x20: entry.offset = number; break;
      case 0x28: entry.size = number; break;
      default: return false;
    }
  }
  *out = entry;
  return true;
}

// Any message, with what is wrong in it; dimensions go to the end of `dims`.
RawEntry ReadAnyEntry(Bytes value, std::vector<int64_t>* dims) {
  RawEntry entry;
  for (ProtoMessage message(value); message.Next();) {
    switch (message.number()) {
      case 1: entry.dtype = message.Varint(); break;
      case 2:
        if (!AppendTensorShape(message.Nested({}), dims)) {
          message.Fail("has a shape of unknown rank");
        }
        break;
      case 3: entry.shard = message.Varint(); break;
      case 4: entry.offset = message.Varint(); break;
      case 5: entry.size = message.Varint(); break;
      case 6:
        entry.crc = message.Fixed32();
        entry.has_crc = true;
        break;
      case 7:
        message.Payload();
        entry.is_partitioned = true;
        break;
      default: break;
    }
  }
  return entry;
}

void CheckNotNegative(uint64_t value, std::string_view what) {
  auto number = static_cast<int64_t>(value);
  if (number < 0) throw Corrupt({}, fmt::format("has {} {}", what, number));
}

void CheckEntry(const RawEntry& entry, std::span<const int64_t> dims,
                uint32_t shards) {
  if (entry.dtype > 0xff || !TfDTypeName(entry.dtype)) {
    throw Corrupt(
        {}, fmt::format("has the element type {}, which is none", entry.dtype));
  }
  if (((entry.shard | entry.offset | entry.size) >> 63) != 0) {
    CheckNotNegative(entry.shard, "the shard");
    CheckNotNegative(entry.offset, "the offset");
    CheckNotNegative(entry.size, "the size");
  }
  if (entry.shard >= shards) {
    throw Corrupt({},
                  fmt::format("lies in shard {} of {}", entry.shard, shards));
  }
  if (dims.size() > kMaxRank) {
    throw Corrupt({}, fmt::format("has {} dimensions", dims.size()));
  }
  for (int64_t dim : dims) {
    if (dim < 0) throw Corrupt({}, fmt::format("has a dimension of {}", dim));
  }
}

}  // namespace

// Where these dimensions stand; those of the entry before, if they are equal:
// slots follow their variable and have its shape.
uint32_t BundleIndex::PlaceDims(std::span<const int64_t> dims) {
  if (!entries_.empty()) {
    const BundleEntry& before = entries_.back();
    std::span<const int64_t> same = Dims(before);
    if (std::equal(dims.begin(), dims.end(), same.begin(), same.end())) {
      return before.dims_begin;
    }
  }
  auto begin = static_cast<uint32_t>(dims_.size());
  dims_.insert(dims_.end(), dims.begin(), dims.end());
  return begin;
}

void BundleIndex::Add(const SsTable::Entry& entry) {
  RawEntry raw;
  PlainDims plain;
  std::vector<int64_t> any;
  std::span<const int64_t> dims;
  try {
    if (ReadPlainEntry(entry.value, &raw, &plain)) {
      dims = std::span(plain.dims).first(plain.rank);
    } else {
      raw = ReadAnyEntry(entry.value, &any);
      dims = any;
    }
    CheckEntry(raw, dims, header_.shards);
  } catch (const ParseError& error) {  // told where it happened
    std::string what = error.error().what;
    if (!error.error().where.empty()) {
      what = error.error().where + ": " + what;
    }
    throw ParseError(error.error().code, EntryName(entry.key), what);
  }
  uint32_t dims_begin = PlaceDims(dims);
  // Filled where it stays: one that is built aside and copied waits for its
  // own stores, a third of the time of this function.
  BundleEntry& added = entries_.emplace_back();
  added.offset = raw.offset;
  added.size = raw.size;
  added.key_begin = static_cast<uint32_t>(keys_.size());
  added.key_size = static_cast<uint32_t>(entry.key.size());
  added.dims_begin = dims_begin;
  added.shard = static_cast<uint32_t>(raw.shard);
  added.crc = raw.crc;
  added.rank = static_cast<uint16_t>(dims.size());
  added.dtype = static_cast<uint8_t>(raw.dtype);
  added.has_crc = raw.has_crc;
  added.is_partitioned = raw.is_partitioned;
  keys_ += entry.key;
  if (added.is_partitioned) {
    partitioned_.emplace_back(added.key_begin,
                              std::string(AsText(entry.value)));
  }
}

BundleIndex ListBundleEntries(const File& file) {
  SsTable table(file);
  BundleIndex index;
  bool has_header = false;
  uint64_t room =
      std::min(kMaxKeyBytes, kSpareKeyBytes + kMaxKeyRatio * file.size());
  // Address space, not memory: what is not filled is not touched.
  auto expected = static_cast<size_t>(std::min(file.size(), kMaxReserve));
  index.keys_.reserve(2 * expected);
  index.entries_.reserve(expected / kUsualEntryBytes);
  index.dims_.reserve(2 * expected / kUsualEntryBytes);
  table.Each([&](const SsTable::Entry& entry) {
    if (!has_header) {
      if (!entry.key.empty()) {
        throw Corrupt("bundle header",
                      "is missing: the first key is not empty");
      }
      index.header_ = ReadHeader(entry.value);
      has_header = true;
      return true;
    }
    if (index.keys_.size() + entry.key.size() > room) {
      throw Unsupported({},
                        fmt::format("holds more than {} bytes of keys", room));
    }
    index.Add(entry);
    return true;
  });
  if (!has_header) throw Corrupt("bundle header", "is missing: no entries");
  return index;
}

const BundleEntry* BundleIndex::Find(std::string_view key) const {
  auto found = std::lower_bound(
      entries_.begin(), entries_.end(), key,
      [this](const BundleEntry& entry, std::string_view wanted) {
        return Key(entry) < wanted;
      });
  return found != entries_.end() && Key(*found) == key ? &*found : nullptr;
}

std::vector<TensorSlice> BundleIndex::Slices(const BundleEntry& entry) const {
  std::vector<TensorSlice> slices;
  auto found = std::lower_bound(
      partitioned_.begin(), partitioned_.end(), entry.key_begin,
      [](const auto& one, uint32_t begin) { return one.first < begin; });
  if (!entry.is_partitioned || found == partitioned_.end()) return slices;
  for (ProtoMessage message(AsBytes(found->second), "slices");
       message.Next();) {
    if (message.number() == 7) {
      slices.push_back(ReadTensorSlice(message.Nested("slice")));
    }
  }
  return slices;
}

TableKind KindOfTable(const File& file) {
  SsTable table(file);
  TableKind found;
  table.Each([&](const SsTable::Entry& entry) {
    if (!entry.key.empty()) return false;
    // A header begins with field 1, a varint; the meta of V1 with field 1, a
    // message (or is empty).
    if (!entry.value.empty() && entry.value[0] == std::byte{0x08}) {
      found = {TableKind::kBundle, ReadHeader(entry.value).shards};
    } else {
      found.kind = TableKind::kV1;
    }
    return false;
  });
  if (found.kind != TableKind::kBundle) return found;
  table.EachFromBlockOf(kObjectGraphKey, [&](const SsTable::Entry& entry) {
    if (entry.key == kObjectGraphKey) found.kind = TableKind::kObjectBundle;
    return entry.key < kObjectGraphKey;
  });
  return found;
}

}  // namespace ckptdiff
