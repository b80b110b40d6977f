#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "ckptdiff/read.h"

namespace ckptdiff {
namespace {

// Below every cause that rests on findings.
constexpr double kConfidence = 0.8;

// The format that a loader which goes by names takes the file for; nullptr
// where that is its own. The longest extension decides (model.weights.h5 is not
// just any .h5); several formats may share one (.ckpt): the last is the
// commonest.
const FormatInfo* NamedFor(std::string_view name, const FormatInfo& own) {
  const FormatInfo* owner = &own;
  size_t longest = 0;
  for (const FormatInfo& format : Formats()) {
    if (!format.is_checkpoint) continue;
    for (std::string_view glob : Split(format.extensions, ' ')) {
      bool is_extension = glob.starts_with("*.") && Glob(glob).Matches(name);
      if (!is_extension || glob.size() < longest) continue;
      if (glob.size() > longest || owner != &own) owner = &format;
      longest = glob.size();
    }
  }
  return owner == &own ? nullptr : owner;
}

// True where the path is a file's, all of the checkpoint in it: a bundle of
// TensorFlow is named by a prefix, which has no extension.
bool IsOneFile(const FormatInfo& format) {
  return format.is_checkpoint && format.extensions.starts_with("*.") &&
         !format.id.starts_with("tf-bundle");
}

// We go by the content, many a loader by the name.
std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const SourceInfo& source = evidence.comparison().actual().source;
  if (evidence.comparison().is_diff()) return {};
  std::string_view name =
      source.resolved.empty() ? source.path : source.resolved;
  name.remove_prefix(name.rfind('/') + 1);
  const std::vector<FormatInfo>& formats = Formats();
  auto own = std::find_if(
      formats.begin(), formats.end(),
      [&source](const FormatInfo& one) { return one.id == source.format; });
  if (own == formats.end() || !IsOneFile(*own)) return {};
  const FormatInfo* named_for = NamedFor(name, *own);
  if (named_for == nullptr) return {};
  Diagnosis diagnosis{.confidence = kConfidence, .harmless = true};
  diagnosis.summary = fmt::format(
      "{} is {} under a name of {}: it is read here by its content.",
      Printable(name), own->id, named_for->id);
  diagnosis.fix = fmt::format(
      "a loader that goes by the name refuses the file: give it a name of {} "
      "({}), or save it again as {}",
      own->id, own->extensions, named_for->id);
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
