// verify: are the bytes whole. Reads all tensor data, as none but --content do.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/options.h"
#include "cli/output.h"

namespace ckptdiff {
namespace {

void Declare(CLI::App* app, Arguments* arguments) {
  app->add_option("SOURCE", arguments->paths)->required();
  DeclareSeverityOptions(app, arguments, "error");
  DeclareReportOptions(app, arguments);
}

int Run(const Arguments& arguments, const Settings& settings,
        const Streams& streams) {
  Result<std::unique_ptr<Output>> opened =
      Output::Open(arguments.output, streams.out);
  if (!opened.ok()) return Fail(opened.error(), streams);
  Output& output = *opened.value();
  const Style style = StyleFor(arguments, output.stream());
  // A report a line whatever the machine form: several stay readable.
  const Reporter* reporter =
      settings.is_machine() ? FindReporter("jsonl") : settings.reporter;

  int status = kDone;
  ReadOptions options;
  options.verify = true;
  for (const std::string& path : arguments.paths) {
    Result<Layout> layout = ReadLayout(path, options);
    if (!layout.ok()) {
      status = Fail(layout.error(), streams);
      continue;
    }
    Report report = Examine(layout.value(), settings.compare);
    output.Write(reporter->report(report, style));
    status = std::max(status, settings.StatusFor(WorstSeverity(report)));
  }
  return Close(&output, status, streams);
}

}  // namespace

extern const Command kVerify = {
    .id = "verify",
    .usage = "SOURCE... [option...]",
    .summary = "are the bytes whole?",
    .help =
        "Reads the data and checks it against what the file says of it: "
        "checksums, sizes, shards.",
    .examples =
        "ckptdiff verify runs/17/ckpt-900\n"
        "ckptdiff verify *.safetensors --format jsonl",
    .declare = Declare,
    .run = Run,
};

}  // namespace ckptdiff
