// What was decided of a problem.

#ifndef CKPTDIFF_MATCH_SOLUTION_H_
#define CKPTDIFF_MATCH_SOLUTION_H_

#include <cstdint>
#include <string_view>
#include <vector>

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

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SOLUTION_H_
