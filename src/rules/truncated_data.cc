#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kTruncatedData = {
    .info = {.id = "truncated-data",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "the data ends before the variables do",
             .help = "Fires where the header is whole and places bytes of a "
                     "variable behind the end of the file: an unfinished write "
                     "or download.",
             .remedy = "copy or download the file again"},
};

}  // namespace ckptdiff
