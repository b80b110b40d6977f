// Whether a solution is better than its mirror images: two variables, layers
// or towers whose partners could as well be exchanged are told apart by
// nothing, however sure each of their parts is of the others.

#ifndef CKPTDIFF_MATCH_EXCHANGE_H_
#define CKPTDIFF_MATCH_EXCHANGE_H_

#include <span>

#include "match/problem.h"
#include "match/solution.h"

namespace ckptdiff {

// Takes out of `solution` the pairs that an exchange would suit as well, and
// adds them to its ties. `direct` is what each candidate's own names, numbers
// and shapes say, without its neighbours; `order` what the files' order says;
// `learned` fills what pairs whose belief is 1 teach about the others.
void AbstainFromTwins(Problem* problem, std::span<const float> direct,
                      std::vector<float> (*learned)(const Problem&),
                      Solution* solution);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_EXCHANGE_H_
