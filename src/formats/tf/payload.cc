#include "formats/tf/payload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "container/crc32c.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kChunkBytes = 256 << 10;

// Reads a part of a file once, forward, by chunks.
class Stream {
 public:
  Stream(const File& file, uint64_t offset, uint64_t size)
      : file_(file), at_(offset), left_(size) {}

  uint64_t left() const { return left_ + (filled_ - used_); }

  // At least one byte; never more than `most`.
  Bytes Next(uint64_t most) {
    if (used_ == filled_) Fill();
    size_t size =
        static_cast<size_t>(std::min<uint64_t>(most, filled_ - used_));
    Bytes bytes(buffer_.data() + used_, size);
    used_ += size;
    return bytes;
  }

  uint64_t Varint() {
    std::array<std::byte, 10> bytes{};
    for (size_t i = 0; i < bytes.size() && left() > 0; ++i) {
      bytes[i] = Next(1)[0];
      if ((bytes[i] & std::byte{0x80}) != std::byte{0}) continue;
      uint64_t value = 0;
      if (ReadVarint(bytes.data(), bytes.data() + i + 1, &value)) return value;
      break;
    }
    throw Corrupt({}, "has a length that is none");
  }

 private:
  void Fill() {
    buffer_.resize(static_cast<size_t>(std::min(kChunkBytes, left_)));
    if (buffer_.empty()) throw Corrupt({}, "ends within a string");
    file_.ReadAt(at_, buffer_);
    at_ += buffer_.size();
    left_ -= buffer_.size();
    used_ = 0;
    filled_ = buffer_.size();
  }

  const File& file_;
  uint64_t at_;
  uint64_t left_;
  std::vector<std::byte> buffer_;
  size_t used_ = 0;
  size_t filled_ = 0;
};

uint32_t ExtendByStream(uint32_t crc, Stream& stream, uint64_t size) {
  while (size > 0) {
    Bytes bytes = stream.Next(size);
    crc = ExtendCrc32c(crc, bytes);
    size -= bytes.size();
  }
  return crc;
}

template <typename T>
uint32_t ExtendByNumber(uint32_t crc, T value) {
  std::array<std::byte, sizeof(T)> bytes;
  for (size_t i = 0; i < sizeof(T); ++i) {
    bytes[i] = static_cast<std::byte>(value >> (8 * i));
  }
  return ExtendCrc32c(crc, bytes);
}

uint32_t StringCrc(Stream& stream, uint64_t strings) {
  if (strings > stream.left()) throw Corrupt({}, "is shorter than its shape");
  uint32_t crc = 0;
  uint64_t total = 0;
  for (uint64_t i = 0; i < strings; ++i) {
    uint64_t length = stream.Varint();
    crc = length > UINT32_MAX
              ? ExtendByNumber(crc, length)
              : ExtendByNumber(crc, static_cast<uint32_t>(length));
    std::optional<uint64_t> sum = CheckedAdd(total, length);
    if (!sum) throw Corrupt({}, "has lengths beyond every size");
    total = *sum;
  }
  if (stream.left() < 4 || total != stream.left() - 4) {
    throw Corrupt(
        {}, fmt::format("has strings of {} bytes in {}", total, stream.left()));
  }
  crc = ExtendByStream(crc, stream, 4);
  return ExtendByStream(crc, stream, total);
}

// Empty: the payload is what the index says.
std::string Problem(const TensorBundle& bundle, const BundleEntry& entry,
                    const File& shard) {
  std::string_view dtype = *TfDTypeName(entry.dtype);
  Stream stream(shard, entry.offset, entry.size);
  uint32_t crc = 0;
  if (dtype == "string") {
    std::span<const int64_t> dims = bundle.index().Dims(entry);
    uint64_t strings =
        Shape::Of({dims.begin(), dims.end()}).Elements().value_or(UINT64_MAX);
    crc = StringCrc(stream, strings);
  } else {
    crc = ExtendByStream(0, stream, entry.size);
  }
  uint32_t have = MaskCrc32c(crc);
  if (have == entry.crc) return {};
  return fmt::format("checksum of the data is {:08x}, the index says {:08x}",
                     have, entry.crc);
}

// The name that a person knows: of a slice, its tensor's.
std::string NameOf(const BundleIndex& index, const BundleEntry& entry) {
  std::string_view key = index.Key(entry);
  if (!index.IsSlice(entry)) return Printable(key);
  std::string name;
  for (size_t i = 1; i + 1 < key.size(); ++i) {
    if (key[i] == '\0' && key[i + 1] == '\1') break;
    name += key[i];
    if (key[i] == '\0' || key[i] == '\xff') ++i;  // escaped
  }
  return fmt::format("{} (slice)", Printable(name));
}

}  // namespace

std::string PayloadProblem(const TensorBundle& bundle,
                           const BundleEntry& entry) {
  // Variants have a checksum of their own kind, in a format that only
  // TensorFlow decodes.
  bool is_variant = *TfDTypeName(entry.dtype) == "variant";
  if (entry.is_partitioned || !entry.has_crc || is_variant) return {};
  if (!bundle.Holds(entry)) return {};  // said of its shard
  try {
    return Problem(bundle, entry, bundle.Shard(entry.shard));
  } catch (const ParseError& error) {
    if (error.error().code == ErrorCode::kIo) throw;
    return error.error().what;
  }
}

std::optional<int64_t> ScalarInt(const TensorBundle& bundle,
                                 const BundleEntry& entry) {
  if (entry.rank != 0) return std::nullopt;
  std::optional<std::string> payload = bundle.Payload(entry, 8);
  if (!payload || !PayloadProblem(bundle, entry).empty()) return std::nullopt;
  if (bundle.index().header().big_endian)
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

std::vector<Issue> VerifyPayloads(const TensorBundle& bundle) {
  std::vector<Issue> issues;
  const BundleIndex& index = bundle.index();
  for (const BundleEntry& entry : index.entries()) {
    // The object graph is checked before it is read, and has said it.
    if (index.Key(entry) == kObjectGraphKey) continue;
    std::string problem = PayloadProblem(bundle, entry);
    if (!problem.empty()) {
      issues.push_back({"checksum-mismatch", NameOf(index, entry), problem});
    }
  }
  return issues;
}

}  // namespace ckptdiff
