#include "container/crc32c.h"

#include <array>
#include <cstring>

namespace ckptdiff {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// kTables[k][b]: what byte b does to the checksum k bytes later; eight bytes
// are then one step.
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    }
    tables[0][b] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t b = 0; b < 256; ++b) {
      uint32_t before = tables[k - 1][b];
      tables[k][b] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

uint32_t ExtendPortable(uint32_t crc, const std::byte* at, size_t size) {
  for (; size >= 8; at += 8, size -= 8) {
    uint32_t next = 0;
    for (size_t k = 0; k < 8; ++k) {
      uint32_t byte = std::to_integer<uint32_t>(at[k]);
      if (k < 4) byte ^= (crc >> (8 * k)) & 0xff;
      next ^= kTables[7 - k][byte];
    }
    crc = next;
  }
  for (; size > 0; ++at, --size) {
    crc =
        (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<uint32_t>(*at)) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t ExtendSse42(uint32_t crc,
                                                       const std::byte* at,
                                                       size_t size) {
  uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    wide = __builtin_ia32_crc32di(wide, word);
  }
  auto narrow = static_cast<uint32_t>(wide);
  for (; size > 0; ++at, --size) {
    narrow = __builtin_ia32_crc32qi(narrow, std::to_integer<uint8_t>(*at));
  }
  return narrow;
}

const bool kHasSse42 = [] {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}();
#endif

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, Bytes bytes) {
#if defined(__x86_64__)
  if (kHasSse42) return ~ExtendSse42(~crc, bytes.data(), bytes.size());
#endif
  return ~ExtendPortable(~crc, bytes.data(), bytes.size());
}

}  // namespace ckptdiff
