// Whether an absent variable was lost, or never was a variable to the writer.

#ifndef CKPTDIFF_RULES_TRACKING_H_
#define CKPTDIFF_RULES_TRACKING_H_

#include <cstddef>

#include "match/comparison.h"

namespace ckptdiff {

// For an expected weight without partner: true where the model says that it
// would not save it, or where its layer is in the checkpoint with no variable
// left over that could be it.
bool IsUntracked(const Comparison& comparison, size_t expected);

// True for adapters (LoRA) that Keras adds to the kernel when it saves: its
// stores hold none, and lack nothing.
bool IsMergedOnSaving(const Comparison& comparison, size_t expected);

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_TRACKING_H_
