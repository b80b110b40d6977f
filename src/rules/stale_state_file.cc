#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kStaleStateFile = {
    .info = {.id = "stale-state-file",
             .subject = "files",
             .severity = Severity::kWarning,
             .summary = "an index or state file does not describe the files "
                        "beside it",
             .help = "Fires where a `checkpoint` state file or an index json "
                     "names what is not there, or leaves out what is: files "
                     "were moved, deleted or replaced without it.",
             .remedy = "name the checkpoint itself, or let the framework write "
                       "the index again"},
};

}  // namespace ckptdiff
