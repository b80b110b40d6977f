// How the values of each pair must be turned to fit: told by shapes where they
// can tell, else by the pairs of the same kind whose shapes do.

#ifndef CKPTDIFF_MATCH_ORIENTATION_H_
#define CKPTDIFF_MATCH_ORIENTATION_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {

// Fills Pair::transform: "transpose", "permute:2,3,1,0", "squeeze",
// "unsqueeze", "reshape", "transpose+reshape", "reshape+transpose",
// "reshape+permute"; empty where values stay as they are, or were resized.
void FillTransforms(const Layout& actual, const Layout& expected,
                    std::vector<Pair>* pairs);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_ORIENTATION_H_
