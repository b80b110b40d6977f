// E. Myers, An O(ND) Difference Algorithm and Its Variations (1986).

#include "match/alignment.h"

#include <algorithm>

namespace ckptdiff {
namespace {

// Furthest x on diagonal k = x - y after d differences; k runs from -d to d.
using Reach = std::vector<int64_t>;

int64_t At(const Reach& reach, int64_t d, int64_t k) {
  return k < -d || k > d ? -1 : reach[static_cast<size_t>(k + d)];
}

// Where a path on diagonal k begins after d differences.
int64_t Start(const std::vector<Reach>& rounds, int64_t d, int64_t k) {
  if (d == 0) return 0;
  const Reach& before = rounds[static_cast<size_t>(d - 1)];
  const int64_t right = At(before, d - 1, k - 1);
  const int64_t down = At(before, d - 1, k + 1);
  return k == -d || (k != d && right < down) ? down : right + 1;
}

}  // namespace

std::vector<uint32_t> Align(const std::vector<uint64_t>& a,
                            const std::vector<uint64_t>& b, uint32_t most) {
  const int64_t n = static_cast<int64_t>(a.size());
  const int64_t m = static_cast<int64_t>(b.size());
  std::vector<uint32_t> partner(a.size(), kUnaligned);
  std::vector<Reach> rounds;
  for (int64_t d = 0; d <= std::min<int64_t>(n + m, most); ++d) {
    rounds.emplace_back(static_cast<size_t>(2 * d + 1), -1);
    for (int64_t k = -d; k <= d; k += 2) {
      int64_t x = Start(rounds, d, k);
      while (x < n && x - k < m &&
             a[static_cast<size_t>(x)] == b[static_cast<size_t>(x - k)]) {
        ++x;
      }
      rounds.back()[static_cast<size_t>(k + d)] = x;
      if (x < n || x - k < m) continue;
      for (int64_t round = d, diagonal = k; round >= 0; --round) {
        const int64_t start = Start(rounds, round, diagonal);
        for (; x > start; --x) {
          partner[static_cast<size_t>(x - 1)] =
              static_cast<uint32_t>(x - 1 - diagonal);
        }
        if (round == 0) break;
        const Reach& before = rounds[static_cast<size_t>(round - 1)];
        const bool down = start == At(before, round - 1, diagonal + 1) &&
                          (diagonal == -round ||
                           (diagonal != round &&
                            At(before, round - 1, diagonal - 1) < start));
        diagonal += down ? 1 : -1;
        x = At(before, round - 1, diagonal);
      }
      return partner;
    }
  }
  return partner;
}

}  // namespace ckptdiff
