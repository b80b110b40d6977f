// What all these renames have in common, as rewrites that a person can paste.

#ifndef CKPTDIFF_MATCH_PATTERNS_H_
#define CKPTDIFF_MATCH_PATTERNS_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {

// Rewrites that at least two of the renamed pairs prove, most pairs first:
// one for a prefix that all of them change, else one per form of name.
std::vector<Pattern> FindPatterns(const Layout& actual, const Layout& expected,
                                  const std::vector<Pair>& pairs);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_PATTERNS_H_
