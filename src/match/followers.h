// Slots and averages go where their owners go.

#ifndef CKPTDIFF_MATCH_FOLLOWERS_H_
#define CKPTDIFF_MATCH_FOLLOWERS_H_

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {

// True for a variable that is paired by its owner and not by itself.
bool FollowsOwner(const Variable& variable);

// Adds the pairs of all slots and averages whose owners are paired and whose
// kind (role and slot name) is the same.
void FollowOwners(const Layout& actual, const Layout& expected,
                  Pairing* pairing);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_FOLLOWERS_H_
