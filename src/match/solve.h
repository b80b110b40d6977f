// From candidates to pairs: evidence is weighed, beliefs are passed between
// neighbours until they settle, and what stays undecided is said so.

#ifndef CKPTDIFF_MATCH_SOLVE_H_
#define CKPTDIFF_MATCH_SOLVE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "match/problem.h"

namespace ckptdiff {

struct Decision {
  uint32_t candidate = 0;
  float confidence = 0;
  std::vector<std::string_view> evidence;  // what spoke for it most
};

struct Solution {
  std::vector<Decision> pairs;
  // Sets of actual and expected (indices of Side) that nothing tells apart.
  struct Tie {
    std::vector<uint32_t> actual, expected;
  };
  std::vector<Tie> ties;
};

Solution Solve(Problem* problem);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SOLVE_H_
