// One variable whose length changed: a new head, a longer vocabulary.

#ifndef CKPTDIFF_MATCH_RESIZED_H_
#define CKPTDIFF_MATCH_RESIZED_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/pairing.h"

namespace ckptdiff {

// Pairs what is left of equal name, or of a name that a rewrite of its
// beginning gives which two of `pairs` prove, although the shapes differ.
std::vector<Pair> PairResized(const Layout& actual, const Layout& expected,
                              const std::vector<Pair>& pairs,
                              const Positions& a, const Positions& e);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_RESIZED_H_
