// Rewrites of names that can be pasted into a `rename`.

#ifndef CKPTDIFF_CAUSES_PATTERNS_H_
#define CKPTDIFF_CAUSES_PATTERNS_H_

#include <cstddef>
#include <vector>

#include "causes/evidence.h"
#include "ckptdiff/diagnosis.h"

namespace ckptdiff {

// Patterns that turn the checkpoint's names of these findings into the
// model's, in the order in which they are to be applied. None that leaves a
// name wrong, of these or of those that were right before; none at all where
// they would give two variables one name.
std::vector<Pattern> PatternsFor(const Evidence& evidence,
                                 const std::vector<size_t>& findings);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_PATTERNS_H_
