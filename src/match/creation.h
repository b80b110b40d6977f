// The order in which the variables of a side were made.

#ifndef CKPTDIFF_MATCH_CREATION_H_
#define CKPTDIFF_MATCH_CREATION_H_

#include "match/side.h"

namespace ckptdiff {

// A file in the order of creation says it best. One that was sorted or
// shuffled says nothing, but the numbers in its names may. Needs the tree.
void FillCreation(Side* side);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_CREATION_H_
