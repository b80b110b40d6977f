#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kMissingShard = {
    .info = {.id = "missing-shard",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "a file that the index names is not there",
             .help = "Fires where an index, or the numbering of the files, "
                     "names a part of the checkpoint that does not exist beside"
                     " it. Its variables are listed as far as the index tells.",
             .remedy =
                 "copy or download the missing file; do not rename shards"},
};

}  // namespace ckptdiff
