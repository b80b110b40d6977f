// Variables whose lengths changed: a new head, a longer vocabulary, a wider
// model.

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

// A model that was made wider, or cut into shards: variables of equal names, or
// of names that are equal behind what all of a side begin with, with other
// lengths, of which hardly one has a length that another one is missing.
// (Of such a model a bias may fit where a wider layer's is sought.) Nothing
// where fewer differ, or where they could be one another.
std::vector<Pair> PairResizedThroughout(const Layout& actual,
                                        const Layout& expected,
                                        const EqualNames& equal);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_RESIZED_H_
