#include "rules/rule.h"
#include "rules/shape_findings.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  return ShapeFindings(comparison, /*of_slots=*/true);
}

}  // namespace

extern const Rule kSlotShapeMismatch = {
    .info = {.id = "slot-shape-mismatch",
             .subject = "optimizer",
             .severity = Severity::kError,
             .summary = "the optimizer state of a variable has another shape",
             .help = "Fires for a pair of slots whose shapes disagree where "
                     "both are known; most often the variable itself has "
                     "another shape. Silent where the slot follows a transposed"
                     " variable.",
             .remedy = "as for the variable itself; or restore without the "
                       "optimizer"},
    .check = Check,
};

}  // namespace ckptdiff
