#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kOverlappingTensors = {
    .info = {.id = "overlapping-tensors",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "two variables claim the same bytes",
             .help = "Fires where the header places two variables over one "
                     "another without saying that they share storage. One of "
                     "them is wrong.",
             .remedy = "save again with the framework's own writer"},
};

}  // namespace ckptdiff
