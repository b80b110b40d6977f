// A hash that is the same on every machine and in every version: finding ids
// are compared across runs.

#ifndef CKPTDIFF_BASE_HASH_H_
#define CKPTDIFF_BASE_HASH_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace ckptdiff {

// FNV-1a over the parts, each followed by a byte that no UTF-8 text contains.
inline uint64_t HashParts(std::initializer_list<std::string_view> parts) {
  uint64_t hash = 0xcbf29ce484222325;
  auto add = [&hash](unsigned char byte) {
    hash = (hash ^ byte) * 0x100000001b3;
  };
  for (std::string_view part : parts) {
    for (char c : part) add(static_cast<unsigned char>(c));
    add(0xff);
  }
  return hash;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_HASH_H_
