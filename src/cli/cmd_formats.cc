// formats: what is read, printed from the registry.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/columns.h"
#include "cli/options.h"
#include "cli/output.h"

namespace ckptdiff {
namespace {

void AddRow(const FormatInfo& format, std::string* out) {
  std::string head = "  " + PadRight(format.id, 19);
  std::string text(format.summary);
  if (!format.extensions.empty()) {
    text += fmt::format(" ({})", format.extensions);
  }
  bool is_first = true;
  for (const std::string& line : WrapText(text, 80 - head.size())) {
    *out += (is_first ? head : std::string(head.size(), ' ')) + line + "\n";
    is_first = false;
  }
}

void Declare(CLI::App*, Arguments*) {}

int Run(const Arguments&, const Settings&, const Streams& streams) {
  std::string text = "checkpoints (told by content, not by extension)\n";
  for (const FormatInfo& format : Formats()) {
    if (format.is_checkpoint) AddRow(format, &text);
  }
  text += "\nmodel descriptions and specs\n";
  for (const FormatInfo& format : Formats()) {
    if (!format.is_checkpoint) AddRow(format, &text);
  }
  return WriteStandard(text, streams);
}

}  // namespace

extern const Command kFormatsCommand = {
    .id = "formats",
    .usage = "",
    .summary = "which files are read",
    .help = "Lists the formats of checkpoints and of model descriptions.",
    .examples = "ckptdiff formats",
    .declare = Declare,
    .run = Run,
};

}  // namespace ckptdiff
