#include "base/bytes.h"

#include <fmt/format.h>

#include "base/parse_error.h"

namespace ckptdiff {

std::optional<uint64_t> CheckedAdd(uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

std::optional<uint64_t> CheckedMul(uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

std::optional<int64_t> LittleInteger(Bytes bytes, bool is_signed) {
  if (bytes.empty() || bytes.size() > sizeof(uint64_t)) return std::nullopt;
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | std::to_integer<uint64_t>(bytes[i]);
  }
  auto unused = static_cast<int>(8 * (sizeof(uint64_t) - bytes.size()));
  if (is_signed) return static_cast<int64_t>(value << unused) >> unused;
  if (value > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(value);
}

void ByteCursor::Fail(std::string message) const {
  throw Corrupt(where_, std::move(message));
}

Bytes ByteCursor::Take(uint64_t size, std::string_view what) {
  if (size > remaining()) {
    Fail(fmt::format("{} needs {} bytes at {}, {} are left", what, size,
                     position_, remaining()));
  }
  Bytes taken = bytes_.subspan(position_, static_cast<size_t>(size));
  position_ += taken.size();
  return taken;
}

template <typename T>
T ByteCursor::Fixed(std::string_view what, bool big_endian) {
  Bytes raw = Take(sizeof(T), what);
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    size_t from = big_endian ? i : sizeof(T) - 1 - i;
    value = static_cast<T>((static_cast<uint64_t>(value) << 8) |
                           std::to_integer<uint64_t>(raw[from]));
  }
  return value;
}

uint8_t ByteCursor::U8(std::string_view what) {
  return Fixed<uint8_t>(what, false);
}
uint16_t ByteCursor::LittleU16(std::string_view what) {
  return Fixed<uint16_t>(what, false);
}
uint32_t ByteCursor::LittleU32(std::string_view what) {
  return Fixed<uint32_t>(what, false);
}
uint64_t ByteCursor::LittleU64(std::string_view what) {
  return Fixed<uint64_t>(what, false);
}
uint32_t ByteCursor::BigU32(std::string_view what) {
  return Fixed<uint32_t>(what, true);
}
uint64_t ByteCursor::BigU64(std::string_view what) {
  return Fixed<uint64_t>(what, true);
}

uint64_t ByteCursor::Varint64(std::string_view what) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    uint8_t byte = U8(what);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  Fail(fmt::format("{} at {} is no varint", what, position_));
}

}  // namespace ckptdiff
