#include <array>

#include "causes/cause.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 3> kPhrases = {
    "is a part of", "holds no checkpoint at its top", "copied as a file"};

// Nothing stands at the path, but what it may mean is near (the hint names it).
bool Recognizes(const Error& error) {
  bool is_near = error.code == ErrorCode::kNotFound && !error.hint.empty();
  return is_near || SaysAny(error, kPhrases);
}

}  // namespace

extern const Cause kWrongPathForm = {
    .info = {.id = "wrong-path-form",
             .group = "files",
             .harmless = false,
             .summary = "the path names a part of the checkpoint, or its "
                        "beginning",
             .help =
                 "Holds where a prefix lacks its number, a directory stands "
                 "above the checkpoint, or one file of several is named "
                 "that says nothing alone. The fix is the path to type."},
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
