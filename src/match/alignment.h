// The longest common sequence of two lists, as diff aligns lines.

#ifndef CKPTDIFF_MATCH_ALIGNMENT_H_
#define CKPTDIFF_MATCH_ALIGNMENT_H_

#include <cstdint>
#include <vector>

namespace ckptdiff {

constexpr uint32_t kUnaligned = UINT32_MAX;

// For each item of `a` its partner in `b`, or kUnaligned. Time and memory grow
// with the number of differences; beyond `most` of them nothing is aligned.
std::vector<uint32_t> Align(const std::vector<uint64_t>& a,
                            const std::vector<uint64_t>& b, uint32_t most);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_ALIGNMENT_H_
