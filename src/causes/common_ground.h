// How much the two sides have in common at all.

#ifndef CKPTDIFF_CAUSES_COMMON_GROUND_H_
#define CKPTDIFF_CAUSES_COMMON_GROUND_H_

#include <cstddef>

#include "causes/evidence.h"

namespace ckptdiff {

// Variables of role weight.
size_t WeightsOf(const Layout& layout);

// True where both sides have weights and next to none of them correspond:
// then no finding is worth a cause of its own. What nothing tells apart counts
// as what was renamed does.
bool NothingInCommon(const Evidence& evidence);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_COMMON_GROUND_H_
