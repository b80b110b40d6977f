// The findings about optimizers that several causes share.

#ifndef CKPTDIFF_CAUSES_OPTIMIZER_FINDINGS_H_
#define CKPTDIFF_CAUSES_OPTIMIZER_FINDINGS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "causes/evidence.h"

namespace ckptdiff {

// Missing slots, missing and incomplete optimizers, and the optimizer's own
// variables that are missing or left over with them.
std::vector<size_t> OfMissingSlots(const Evidence& evidence);

// True where an optimizer of the model is of another kind than the saved one.
bool HasOptimizerMismatch(const Evidence& evidence);

// True where the checkpoint knows of an optimizer, whatever slots it keeps.
bool KnowsAnOptimizer(const Comparison& comparison);

// Renamed slots whose variables are not renamed.
std::vector<size_t> MovedSlots(const Evidence& evidence);
// True where all of these stand at another number of a list and nothing else.
bool AreIndexesOnly(const Evidence& evidence, const std::vector<size_t>& moved);

// Kinds of slots (vhat) of which the checkpoint has one for each variable and
// the model, which keeps others, none: an option of the optimizer.
std::vector<std::string> SurplusKinds(const Evidence& evidence);

// Findings about the shapes of slots whose variables agree: the state of
// another variable stands there.
std::vector<size_t> MisplacedSlots(const Evidence& evidence);

// Findings about slots of an optimizer of which the other side has nothing,
// beside one of which it has: missing ones, or those that nobody expects.
std::vector<size_t> SlotsOfOtherOptimizers(const Evidence& evidence,
                                           bool of_expected);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_OPTIMIZER_FINDINGS_H_
