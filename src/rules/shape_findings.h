// Pairs whose shapes disagree: of variables and of slots, two rules.

#ifndef CKPTDIFF_RULES_SHAPE_FINDINGS_H_
#define CKPTDIFF_RULES_SHAPE_FINDINGS_H_

#include <vector>

#include "ckptdiff/finding.h"
#include "match/comparison.h"

namespace ckptdiff {

std::vector<Finding> ShapeFindings(const Comparison& comparison, bool of_slots);

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_SHAPE_FINDINGS_H_
