#include "container/tensor_bundle.h"

#include <fmt/format.h>

#include <algorithm>
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

uint64_t NotNegative(const ProtoMessage& message, std::string_view what) {
  if (message.Int() < 0) {
    message.Fail(fmt::format("has {} {}", what, message.Int()));
  }
  return message.Varint();
}

// Fills all but the key; dimensions go to the end of `dims`.
void ReadEntry(Bytes value, std::vector<int64_t>* dims, BundleEntry* entry) {
  entry->dims_begin = dims->size();
  uint64_t dtype = 0, shard = 0;
  for (ProtoMessage message(value); message.Next();) {
    switch (message.number()) {
      case 1: dtype = message.Varint(); break;
      case 2:
        if (!AppendTensorShape(message.Nested({}), dims)) {
          message.Fail("has a shape of unknown rank");
        }
        break;
      case 3: shard = NotNegative(message, "the shard"); break;
      case 4: entry->offset = NotNegative(message, "the offset"); break;
      case 5: entry->size = NotNegative(message, "the size"); break;
      case 6:
        entry->crc = message.Fixed32();
        entry->has_crc = true;
        break;
      case 7:
        message.Payload();
        ++entry->slices;
        break;
      default: break;
    }
  }
  if (dtype > 0xff || !TfDTypeName(dtype)) {
    throw Corrupt({},
                  fmt::format("has the element type {}, which is none", dtype));
  }
  entry->dtype = static_cast<uint8_t>(dtype);
  entry->rank = static_cast<uint32_t>(dims->size() - entry->dims_begin);
  if (shard >= kMaxShards)
    throw Corrupt({}, fmt::format("has shard {}", shard));
  entry->shard = static_cast<uint32_t>(shard);
  if (!CheckedAdd(entry->offset, entry->size)) {
    throw Corrupt(
        {}, fmt::format("has {} bytes at {}", entry->size, entry->offset));
  }
  for (size_t i = entry->dims_begin; i < dims->size(); ++i) {
    if ((*dims)[i] < 0) {
      throw Corrupt({}, fmt::format("has a dimension of {}", (*dims)[i]));
    }
  }
}

}  // namespace

void BundleIndex::Add(const SsTable::Entry& entry) {
  BundleEntry added;
  added.key_begin = keys_.size();
  added.key_size = static_cast<uint32_t>(entry.key.size());
  try {
    ReadEntry(entry.value, &dims_, &added);
    if (added.shard >= header_.shards) {
      throw Corrupt({}, fmt::format("lies in shard {} of {}", added.shard,
                                    header_.shards));
    }
  } catch (const ParseError& error) {  // told where it happened
    std::string what = error.error().what;
    if (!error.error().where.empty()) {
      what = error.error().where + ": " + what;
    }
    throw ParseError(error.error().code, EntryName(entry.key), what);
  }
  keys_ += entry.key;
  entries_.push_back(added);
  if (added.slices > 0) {
    partitioned_.emplace_back(added.key_begin,
                              std::string(AsText(entry.value)));
  }
}

BundleIndex ListBundleEntries(const File& file) {
  SsTable table(file);
  BundleIndex index;
  bool has_header = false;
  uint64_t room = kSpareKeyBytes + kMaxKeyRatio * file.size();
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
      [](const auto& one, uint64_t begin) { return one.first < begin; });
  if (entry.slices == 0 || found == partitioned_.end()) return slices;
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
