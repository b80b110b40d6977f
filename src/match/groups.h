// Variables that one side keeps in parts and the other one as a whole: query,
// key and value, gate and up, the experts of a layer.

#ifndef CKPTDIFF_MATCH_GROUPS_H_
#define CKPTDIFF_MATCH_GROUPS_H_

#include <span>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/pairing.h"
#include "match/vocabulary.h"

namespace ckptdiff {

// Finds them among `a` and `e` and takes their members out of both.
std::vector<Group> TakeGroups(const Layout& actual, const Layout& expected,
                              std::span<const Synonyms> vocabulary,
                              Positions* a, Positions* e);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_GROUPS_H_
