#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kUnwrittenData = {
    .info = {.id = "unwritten-data",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "the storage of a variable was never written",
             .help = "Fires where the file declares a variable and left its "
                     "data a hole: a process died, or wrote only its own part.",
             .remedy = "restore an earlier checkpoint, or save again"},
};

}  // namespace ckptdiff
