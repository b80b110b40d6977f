#include "causes/cause.h"

namespace ckptdiff {
namespace {

// Asked last of those that know unreadable files: what is neither damaged nor
// a path that means something else is another kind of file.
bool Recognizes(const Error& error) {
  return error.code == ErrorCode::kUnrecognized ||
         error.code == ErrorCode::kUnsupported;
}

}  // namespace

extern const Cause kWrongFormat = {
    .info = {.id = "wrong-format",
             .group = "files",
             .harmless = false,
             .summary = "the file is of another kind than its name says",
             .help = "Holds where the bytes are no checkpoint that is read: a "
                     "Git LFS pointer, a web page, a packed file, a model of "
                     "another tool. The message says what they are."},
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
