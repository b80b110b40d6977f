#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kChecksumMismatch = {
    .info = {.id = "checksum-mismatch",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "the bytes of a variable do not match their checksum",
             .help = "Fires where the file stores a checksum of a variable and "
                     "its bytes give another one; only with the data read "
                     "(verify). Values cannot be trusted.",
             .remedy = "copy or download the file again; else restore an "
                       "earlier checkpoint"},
};

}  // namespace ckptdiff
