#include "rules/rule.h"

namespace ckptdiff {

extern const Rule kUnreadableCheckpoint = {
    .info = {.id = "unreadable-checkpoint",
             .subject = "files",
             .severity = Severity::kError,
             .summary = "the file could not be read as a checkpoint",
             .help = "Fires where a file with a checkpoint's extension, or one "
                     "that was asked for, cannot be read: no known format, a "
                     "feature that is not supported, or bytes that contradict "
                     "their format. The message says where and what.",
             .remedy = "see the message; download or copy the file again if it "
                       "is damaged"},
};

}  // namespace ckptdiff
