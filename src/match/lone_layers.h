// The one layer that got another name, in a model too small for its name, its
// shapes and its neighbours to say enough.

#ifndef CKPTDIFF_MATCH_LONE_LAYERS_H_
#define CKPTDIFF_MATCH_LONE_LAYERS_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/pairing.h"

namespace ckptdiff {

// Pairs layers of which nothing is paired, in the same place on both sides,
// that hold variables of the same names and shapes, and are the only such ones
// left over. `a` and `e` are what is left of one role; nothing where that is
// more than half of a side.
std::vector<Pair> PairLoneLayers(const Layout& actual, const Layout& expected,
                                 const Positions& a, const Positions& e);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_LONE_LAYERS_H_
