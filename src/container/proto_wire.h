// The wire format of protocol buffers, read lazily: fields in the order of the
// file, nothing copied, nothing built. A message is a sequence of
//
//   tag varint (number * 8 + wire type), then
//     wire 0  varint      wire 1  8 bytes, little-endian
//     wire 2  length varint, then that many bytes (string, message, packed)
//     wire 5  4 bytes, little-endian
//
// A reader loops over Next() and takes what it knows; what it does not know is
// passed over. Fields come in any order, repeated scalars packed or not, and a
// field that is absent has its default. Groups (wire 3 and 4) are refused.
//
//   for (ProtoMessage node(bytes, "node"); node.Next();) {
//     if (node.number() == 1) name = node.Text();
//     if (node.number() == 5) ReadAttr(node.Nested("node: attr"));
//   }
//
// Every accessor throws ParseError(kCorrupt) where the wire type is another.

#ifndef CKPTDIFF_CONTAINER_PROTO_WIRE_H_
#define CKPTDIFF_CONTAINER_PROTO_WIRE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "io/file_system.h"

namespace ckptdiff {

inline constexpr int kMaxProtoDepth = 100;

// Reads one varint of at most ten bytes; nullptr where the bytes end or the
// value has more than 64 bits.
const std::byte* ReadAnyVarint(const std::byte* at, const std::byte* end,
                               uint64_t* value);

// The same without a branch per byte, where eight bytes can be loaded: for
// loops that read a hundred thousand of them.
inline const std::byte* ReadVarint(const std::byte* at, const std::byte* end,
                                   uint64_t* value) {
  if (at != end && std::to_integer<uint8_t>(*at) < 0x80) {
    *value = std::to_integer<uint64_t>(*at);
    return at + 1;
  }
  if constexpr (std::endian::native == std::endian::little) {
    uint64_t word = 0;
    if (end - at >= static_cast<ptrdiff_t>(sizeof(word))) {
      std::memcpy(&word, at, sizeof(word));
      // The highest bit of the last byte of the number, which is clear there.
      uint64_t last = ~word & 0x8080808080808080;
      if (last != 0) {
        word &= last ^ (last - 1);
        // Groups of 7 bits close up: to 14, to 28, to 56.
        word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
        word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
        word = (word & 0x000000000fffffff) | (word & 0x0fffffff00000000) >> 4;
        *value = word;
        return at + std::countr_zero(last) / 8 + 1;
      }
    }
  }
  return ReadAnyVarint(at, end, value);
}

// A message in memory. The bytes and `where` must outlive it.
class ProtoMessage {
 public:
  explicit ProtoMessage(Bytes bytes, std::string_view where = {}, int depth = 0)
      : begin_(bytes.data()),
        at_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        where_(where),
        depth_(depth) {}

  // Steps to the next field; false at the end.
  bool Next() {
    if (at_ == end_) return false;
    ReadField();
    return true;
  }

  uint32_t number() const { return number_; }
  int wire() const { return wire_; }
  std::string_view where() const { return where_; }

  uint64_t Varint() const { return Scalar(0); }
  int64_t Int() const { return static_cast<int64_t>(Scalar(0)); }
  bool Bool() const { return Scalar(0) != 0; }
  uint32_t Fixed32() const { return static_cast<uint32_t>(Scalar(5)); }
  Bytes Payload() const {
    if (wire_ != 2) FailWire("a string or message");
    return {payload_, static_cast<size_t>(value_)};
  }
  std::string_view Text() const { return AsText(Payload()); }
  // Refuses more than kMaxProtoDepth levels.
  ProtoMessage Nested(std::string_view where) const;

  // Calls `take(uint64_t)` for each element of a repeated varint, packed or
  // not.
  template <typename Take>
  void EachVarint(Take take) const {
    if (wire_ == 0) {
      take(value_);
      return;
    }
    Bytes packed = Payload();
    const std::byte* at = packed.data();
    const std::byte* end = at + packed.size();
    while (at != end) {
      uint64_t value = 0;
      at = ReadVarint(at, end, &value);
      if (at == nullptr) FailField("holds no varints");
      take(value);
    }
  }

  [[noreturn]] void Fail(std::string message) const;

 private:
  void ReadField() {
    uint64_t tag = 0;
    const std::byte* at = ReadVarint(at_, end_, &tag);
    if (at == nullptr || tag >> 32 != 0 || tag < 8) FailTag();
    number_ = static_cast<uint32_t>(tag >> 3);
    wire_ = static_cast<int>(tag & 7);
    if (wire_ == 0 || wire_ == 2) {
      at = ReadVarint(at, end_, &value_);
      if (at == nullptr) FailField("has no varint");
      if (wire_ == 2) {
        if (value_ > static_cast<uint64_t>(end_ - at)) FailLength(at);
        payload_ = at;
        at += value_;
      }
      at_ = at;
    } else {
      ReadFixed(at);
    }
  }
  void ReadFixed(const std::byte* at);
  uint64_t Scalar(int wire) const {
    if (wire_ != wire) FailWire("a number");
    return value_;
  }
  [[noreturn]] void FailTag() const;
  [[noreturn]] void FailLength(const std::byte* at) const;
  [[noreturn]] void FailField(std::string_view why) const;
  [[noreturn]] void FailWire(std::string_view wanted) const;

  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  std::string_view where_;
  int depth_;
  uint32_t number_ = 0;
  int wire_ = 0;
  uint64_t value_ = 0;  // the scalar, or the length of the payload
  const std::byte* payload_ = nullptr;
};

// A message in a file, which is never read whole: fields are found through a
// small window that nested messages share, and a payload that nobody asks for
// (the weights in an ONNX file) is stepped over. The file must outlive it.
class ProtoFile {
 public:
  // The whole file.
  ProtoFile(const File& file, std::string_view where);

  bool Next();
  uint32_t number() const { return number_; }
  int wire() const { return wire_; }

  uint64_t Varint() const;
  // Where the payload of a string or message lies.
  uint64_t offset() const { return payload_; }
  uint64_t size() const;
  // A copy of the payload; ParseError(kUnsupported) where it has more than
  // `limit` bytes.
  std::string Read(uint64_t limit) const;
  ProtoFile Nested(std::string_view where) const;
  // A copy of this whole message from its first field on.
  std::string ReadWhole(uint64_t limit) const;

 private:
  class Window;
  ProtoFile(std::shared_ptr<Window> window, uint64_t begin, uint64_t end,
            std::string_view where, int depth);
  uint64_t TakeVarint(std::string_view what);
  std::string Copy(uint64_t begin, uint64_t bytes, uint64_t limit) const;
  [[noreturn]] void Fail(std::string message) const;

  std::shared_ptr<Window> window_;
  uint64_t begin_;
  uint64_t at_;
  uint64_t end_;
  std::string_view where_;
  int depth_ = 0;
  uint32_t number_ = 0;
  int wire_ = 0;
  uint64_t value_ = 0;
  uint64_t payload_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_PROTO_WIRE_H_
