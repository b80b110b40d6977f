// From candidates to pairs: evidence is weighed, beliefs are passed between
// neighbours until they settle, and what stays undecided is said so.

#ifndef CKPTDIFF_MATCH_SOLVE_H_
#define CKPTDIFF_MATCH_SOLVE_H_

#include "match/problem.h"
#include "match/solution.h"

namespace ckptdiff {

Solution Solve(Problem* problem);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SOLVE_H_
