// One step of a hash over numbers. Within a run only: nothing stores it.

#ifndef CKPTDIFF_MATCH_MIX_H_
#define CKPTDIFF_MATCH_MIX_H_

#include <cstdint>

namespace ckptdiff {

inline uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
  hash *= 0xbf58476d1ce4e5b9;
  return hash ^ (hash >> 29);
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_MIX_H_
