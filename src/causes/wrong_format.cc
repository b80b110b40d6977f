#include <fmt/format.h>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"

namespace ckptdiff {
namespace {

// Below every cause that rests on findings.
constexpr double kConfidence = 0.8;

// We go by the content, many a loader by the name.
std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const SourceInfo& source = evidence.comparison().actual().source;
  if (evidence.comparison().is_diff()) return {};
  if (!source.misnomer) return {};
  const std::string& named_for = source.misnomer->named_for;
  Diagnosis diagnosis{.confidence = kConfidence, .harmless = true};
  diagnosis.summary = fmt::format(
      "{} is {} under a name of {}: it is read here by its content.",
      Printable(LastPart(source.File(), "/")), source.format, named_for);
  diagnosis.fix = fmt::format(
      "a loader that goes by the name refuses the file: give it a name of {} "
      "({}), or save it again as {}",
      source.format, source.misnomer->usual_names, named_for);
  return {std::move(diagnosis)};
}

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
                     "another tool. The message says what they are. A "
                     "checkpoint under the name of another format is read; "
                     "that a loader which goes by the name refuses it is a "
                     "harmless note."},
    .diagnose = DiagnoseIt,
    .recognizes = Recognizes,
};

}  // namespace ckptdiff
