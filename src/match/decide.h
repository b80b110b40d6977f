// From scores to pairs: the best first, unless another one is as good.

#ifndef CKPTDIFF_MATCH_DECIDE_H_
#define CKPTDIFF_MATCH_DECIDE_H_

#include "match/problem.h"
#include "match/solution.h"

namespace ckptdiff {

Solution Decide(const Problem& problem);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_DECIDE_H_
