#include "container/sha1.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ckptdiff {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kPiece = size_t{1} << 20;

using State = std::array<uint32_t, 5>;

void Mix(const std::byte* block, State* state) {
  std::array<uint32_t, 80> w;
  for (size_t i = 0; i < 16; ++i) {
    w[i] = 0;
    for (size_t k = 0; k < 4; ++k) {
      w[i] = w[i] << 8 | std::to_integer<uint32_t>(block[4 * i + k]);
    }
  }
  for (size_t i = 16; i < 80; ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  auto [a, b, c, d, e] = *state;
  for (size_t i = 0; i < 80; ++i) {
    uint32_t f = b ^ c ^ d, k = 0x6ed9eba1;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    if (i >= 40 && i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    if (i >= 60) k = 0xca62c1d6;
    uint32_t next = std::rotl(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  State mixed = {a, b, c, d, e};
  for (size_t i = 0; i < 5; ++i) (*state)[i] += mixed[i];
}

}  // namespace

std::string Sha1Hex(const File& file) {
  State state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  uint64_t size = file.size(), done = 0;
  std::vector<std::byte> piece;
  while (true) {
    piece.resize(static_cast<size_t>(std::min<uint64_t>(kPiece, size - done)));
    file.ReadAt(done, piece);
    done += piece.size();
    bool is_last = done == size;
    if (is_last) {  // 0x80, zeros, and the length in bits
      piece.push_back(std::byte{0x80});
      while (piece.size() % kBlock != kBlock - 8) piece.push_back({});
      for (int shift = 56; shift >= 0; shift -= 8) {
        piece.push_back(static_cast<std::byte>(size * 8 >> shift));
      }
    }
    for (size_t at = 0; at < piece.size(); at += kBlock) {
      Mix(piece.data() + at, &state);
    }
    if (is_last) break;
  }
  std::string hex;
  for (uint32_t word : state) hex += fmt::format("{:08x}", word);
  return hex;
}

}  // namespace ckptdiff
