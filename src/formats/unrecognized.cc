// What a path that no format claims seems to be, by its true name.

#include "formats/format.h"

namespace ckptdiff {

Error UnrecognizedError(const Source& source) {
  Error error{ErrorCode::kUnrecognized, source.path(), {}, {}, {}};
  if (source.kind() == PathKind::kNone) {
    error.code = ErrorCode::kNotFound;
    error.what = "no such file, directory or checkpoint prefix";
    return error;
  }
  if (source.is_directory()) {
    error.what = "a directory that holds no checkpoint at its top";
    error.hint = "name a file in it, or use: ckptdiff audit";
    return error;
  }
  if (source.Peek(0, 1).empty()) {
    error.what = "is empty";
    return error;
  }
  std::string head = source.Peek(0, 512);
  if (head.starts_with("version https://git-lfs")) {
    error.what = "is a Git LFS pointer: the file was never downloaded";
    error.hint = "git lfs pull";
    return error;
  }
  error.what = "is no checkpoint and no model description that is known";
  error.hint = "ckptdiff formats lists what is read";
  return error;
}

}  // namespace ckptdiff
