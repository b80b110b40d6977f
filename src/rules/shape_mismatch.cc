#include "rules/rule.h"
#include "rules/shape_findings.h"

namespace ckptdiff {
namespace {

std::vector<Finding> Check(const Comparison& comparison) {
  return ShapeFindings(comparison, /*of_slots=*/false);
}

}  // namespace

extern const Rule kShapeMismatch = {
    .info = {.id = "shape-mismatch",
             .subject = "variables",
             .severity = Severity::kError,
             .summary = "the same variable has another shape",
             .help = "Fires for a pair whose shapes disagree where both are "
                     "known; unknown dimensions agree with anything. Silent "
                     "where one shape is the other with its axes moved "
                     "(transposed-variable), and for slots (slot-shape-"
                     "mismatch).",
             .remedy = "build the model with the sizes of the checkpoint, or "
                       "load without this variable"},
    .check = Check,
};

}  // namespace ckptdiff
