#include "cli/app.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "ckptdiff/compare.h"
#include "ckptdiff/read.h"
#include "report/reporter.h"

namespace ckptdiff {

int RunCli(const std::vector<std::string>& args, std::FILE* out,
           std::FILE* err) {
  CLI::App app("says why a saved model does not load");
  std::string format = "json", spec, fail_on = "error";
  std::vector<std::string> paths;
  bool pairs = false;
  CLI::App* inspect = app.add_subcommand("inspect");
  inspect->add_option("source", paths)->required();
  inspect->add_option("--format", format);
  CLI::App* check = app.add_subcommand("check");
  check->add_option("checkpoint", paths)->required();
  check->add_option("--spec", spec)->required();
  check->add_option("--format", format);
  check->add_option("--fail-on", fail_on);
  check->add_flag("--pairs", pairs);
  std::vector<std::string> reversed(args.rbegin(), args.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    fmt::print(err, "ckptdiff: {}\n", error.what());
    return 2;
  }
  const Reporter* reporter = FindReporter(format);
  if (reporter == nullptr) return 2;
  std::vector<Layout> layouts;
  if (*check) paths.push_back(spec);
  for (const std::string& path : paths) {
    Result<Layout> layout = ReadLayout(path);
    if (!layout.ok()) {
      fmt::print(err, "ckptdiff: {}\n", ToString(layout.error()));
      return 2;
    }
    layouts.push_back(std::move(layout).value());
  }
  if (*inspect) {
    fmt::print(out, "{}", reporter->layouts(layouts, {}));
    return 0;
  }
  CompareOptions options;
  options.with_pairs = pairs;
  Result<Report> report = Compare(layouts[0], layouts[1], options);
  if (!report.ok()) return 2;
  fmt::print(out, "{}", reporter->report(report.value(), {}));
  return fail_on != "never" && WorstSeverity(report.value()) >= Severity::kError
             ? 1
             : 0;
}

}  // namespace ckptdiff
