// audit: the state of every checkpoint below some paths.

#include "ckptdiff/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "cli/options.h"
#include "cli/output.h"

namespace ckptdiff {
namespace {

// One line on a terminal that is rewritten in place, and nothing in a pipe.
class Progress {
 public:
  explicit Progress(std::FILE* err) : err_(err) {
    int file = fileno(err);
    is_shown_ = file >= 0 && isatty(file) == 1;
  }
  ~Progress() { Clear(); }

  void Show(size_t done, size_t total) {
    if (!is_shown_ || total == 0) return;
    constexpr size_t kBar = 30;
    size_t filled = done * kBar / total;
    fmt::print(err_, "\r[{}{}] {} of {}", std::string(filled, '#'),
               std::string(kBar - filled, '.'), done, total);
    std::fflush(err_);
    is_drawn_ = true;
  }
  void Clear() {
    if (!is_drawn_) return;
    fmt::print(err_, "\r\x1b[K");
    std::fflush(err_);
    is_drawn_ = false;
  }

 private:
  std::FILE* err_;
  bool is_shown_ = false;
  bool is_drawn_ = false;
};

void Declare(CLI::App* app, Arguments* arguments) {
  app->add_option("PATH", arguments->paths)->required();
  app->add_option("--spec", arguments->spec,
                  "also check every checkpoint against this model")
      ->type_name("MODEL");
  app->add_option("-j,--jobs", arguments->jobs,
                  "checkpoints read at a time (default: one per core); the "
                  "output is the same")
      ->type_name("N");
  DeclareSeverityOptions(app, arguments, "error");
  DeclareIgnore(app, arguments);
  DeclareReportOptions(app, arguments);
}

int Run(const Arguments& arguments, const Settings& settings,
        const Streams& streams) {
  std::optional<Layout> expected;
  if (!arguments.spec.empty()) {
    Result<Layout> read =
        ReadSide(arguments.spec, ReadOptions::As::kModel, arguments, streams);
    if (!read.ok()) return kFailed;
    expected = std::move(read).value();
  }
  Result<std::unique_ptr<Output>> opened =
      Output::Open(arguments.output, streams.out);
  if (!opened.ok()) return Fail(opened.error(), streams);
  Output& output = *opened.value();
  const Style style = StyleFor(arguments, output.stream());
  const Reporter& reporter = *settings.reporter;

  Progress progress(streams.err);
  AuditOptions options;
  options.expected = expected ? &*expected : nullptr;
  options.compare = settings.compare;
  options.jobs = arguments.jobs;
  options.progress = [&progress](size_t done, size_t total) {
    progress.Show(done, total);
  };
  Severity worst = Severity::kOff;
  bool is_first = true;
  auto tell = [&](const Report& report) {
    if (is_first) output.Write(reporter.audit_head(style));
    progress.Clear();
    output.Write(reporter.audit_item(report, is_first, style));
    worst = std::max(worst, WorstSeverity(report));
    is_first = false;
  };
  Result<AuditSummary> summary = Audit(arguments.paths, options, tell);
  if (!summary.ok()) return Fail(summary.error(), streams);
  progress.Clear();
  if (is_first) output.Write(reporter.audit_head(style));
  output.Write(reporter.audit_tail(summary.value(), style));
  return Close(&output, settings.StatusFor(worst), streams);
}

}  // namespace

extern const Command kAudit = {
    .id = "audit",
    .usage = "PATH... [option...]",
    .summary = "the state of every checkpoint below these paths",
    .help =
        "Finds checkpoints by content, each once with its shards and sidecars, "
        "reads them, and checks them against --spec where it is given. One "
        "that cannot be read is a finding and stops nothing. Links below a "
        "path are not followed.",
    .examples =
        "ckptdiff audit runs/\n"
        "ckptdiff audit runs/ --spec model.json --format jsonl",
    .declare = Declare,
    .run = Run,
};

}  // namespace ckptdiff
