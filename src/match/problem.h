// What is left to decide: the variables of one role on both sides, and the
// pairs of them that shapes and words allow.

#ifndef CKPTDIFF_MATCH_PROBLEM_H_
#define CKPTDIFF_MATCH_PROBLEM_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "match/names.h"
#include "match/shapes.h"
#include "match/side.h"

namespace ckptdiff {

struct Proposal {
  uint32_t actual = 0;
  uint32_t expected = 0;
  Fit fit = Fit::kSame;
  float likeness = 0;  // what names, numbers and shapes say, once
  float order = 0;     // what the order of both files says, once
  float score = 0;     // with what its surroundings say, each round
  float belief = 0;    // 0..1: score against its rivals'
  bool has_same_values = false;
  bool is_turned = false;  // the same values, in another order
};

struct Problem {
  const WordTable* words = nullptr;
  Side actual;
  Side expected;
  std::vector<Proposal> candidates;   // by actual, then expected
  std::vector<uint32_t> row;          // actual → first candidate; size + 1
  std::vector<uint32_t> column;       // expected → place in by_expected
  std::vector<uint32_t> by_expected;  // candidates by expected, then actual
};

// Fills the candidates and arranges both sides.
void FindCandidates(Problem* problem);

// After candidates were removed: rows and columns anew.
void Index(Problem* problem);

// Where the candidate that pairs two stands; nullopt where they are none.
std::optional<uint32_t> FindCandidate(const Problem& problem, uint32_t actual,
                                      uint32_t expected);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_PROBLEM_H_
