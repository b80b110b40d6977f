// Which format a loader that goes by names would take a file for. Here the
// content alone decides, but a framework may refuse what its name belies.

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/name_parts.h"
#include "base/text.h"
#include "ckptdiff/read.h"
#include "formats/format.h"

namespace ckptdiff {
namespace {

// nullptr where the name is one of its own format's. Several formats may share
// an extension (.ckpt): the last is the commonest.
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

}  // namespace

std::optional<Misnomer> MisnomerOf(const SourceInfo& source) {
  const std::vector<FormatInfo>& formats = Formats();
  const auto own = std::ranges::find(formats, source.format, &FormatInfo::id);
  if (own == formats.end() || !IsOneFile(*own)) return std::nullopt;
  const FormatInfo* named_for = NamedFor(LastPart(source.File(), "/"), *own);
  if (named_for == nullptr) return std::nullopt;
  return Misnomer{.named_for = std::string(named_for->id),
                  .usual_names = std::string(own->extensions)};
}

}  // namespace ckptdiff
