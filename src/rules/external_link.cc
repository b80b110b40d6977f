#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kExternalLink = {
    .info = {.id = "external-link",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "a variable lies in another file that was not followed",
             .help =
                 "Fires where an HDF5 link or an external data entry points"
                 " outside the checkpoint. Shape and type are then unknown.",
             .remedy = "copy the data into the file, or check the file that the"
                       " link points to"},
};

}  // namespace ckptdiff
