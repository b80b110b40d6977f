// Bounds-checked access to bytes that nobody vouches for. Every read goes
// through a ByteCursor; every product and sum of numbers that come from a
// file goes through CheckedMul and CheckedAdd.

#ifndef CKPTDIFF_BASE_BYTES_H_
#define CKPTDIFF_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ckptdiff {

using Bytes = std::span<const std::byte>;

inline Bytes AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// nullopt on overflow.
std::optional<uint64_t> CheckedAdd(uint64_t a, uint64_t b);
std::optional<uint64_t> CheckedMul(uint64_t a, uint64_t b);

// A whole number of 1 to 8 bytes, little-endian; nullopt where it has another
// size or is beyond 2^63.
std::optional<int64_t> LittleInteger(Bytes bytes, bool is_signed);

// Reads forward through a span. Every method throws ParseError(kCorrupt) when
// the bytes do not suffice; `what` names the thing in the message.
class ByteCursor {
 public:
  // `where` is the place in the file that errors name ("header").
  explicit ByteCursor(Bytes bytes, std::string where = {})
      : bytes_(bytes), where_(std::move(where)) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool done() const { return remaining() == 0; }
  const std::string& where() const { return where_; }

  Bytes Take(uint64_t size, std::string_view what);
  std::string_view TakeText(uint64_t size, std::string_view what) {
    return AsText(Take(size, what));
  }
  void Skip(uint64_t size, std::string_view what) { Take(size, what); }

  uint8_t U8(std::string_view what);
  uint16_t LittleU16(std::string_view what);
  uint32_t LittleU32(std::string_view what);
  uint64_t LittleU64(std::string_view what);
  uint32_t BigU32(std::string_view what);
  uint64_t BigU64(std::string_view what);
  // Little-endian base-128; rejects overlong and overflowing ones.
  uint64_t Varint64(std::string_view what);

  [[noreturn]] void Fail(std::string message) const;

 private:
  template <typename T>
  T Fixed(std::string_view what, bool big_endian);

  Bytes bytes_;
  std::string where_;
  size_t position_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_BYTES_H_
