#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"

namespace ckptdiff {
namespace {

std::vector<std::string_view> ReporterIds() {
  std::vector<std::string_view> ids;
  for (const Reporter* reporter : AllReporters()) ids.push_back(reporter->id);
  return ids;
}

std::vector<std::string_view> RuleIds() {
  std::vector<std::string_view> ids;
  for (const RuleInfo& rule : Rules()) ids.push_back(rule.id);
  return ids;
}

std::string Join(const std::vector<std::string_view>& words,
                 std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

// A word that has to be one of a few.
std::optional<Error> CheckChoice(std::string_view option,
                                 std::string_view typed,
                                 const std::vector<std::string_view>& choices) {
  if (std::find(choices.begin(), choices.end(), typed) != choices.end()) {
    return std::nullopt;
  }
  return UsageError(
      fmt::format("{} takes {}, not '{}'", option, Join(choices, "|"), typed),
      DidYouMean(typed, choices, ""));
}

Result<std::pair<std::string, Severity>> ReadRule(const std::string& typed) {
  size_t equals = typed.find('=');
  std::string id = typed.substr(0, equals);
  std::vector<std::string_view> ids = RuleIds();
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
    return UsageError(fmt::format("unknown rule '{}'", id),
                      DidYouMean(id, ids, "ckptdiff rules lists them"));
  }
  if (equals == std::string::npos) {
    return UsageError(fmt::format("--rule {} names no severity", typed),
                      fmt::format("--rule {}=error|warning|note|off", id));
  }
  std::string word = typed.substr(equals + 1);
  std::optional<Severity> severity = SeverityFromString(word);
  if (!severity) {
    auto wrong = CheckChoice(fmt::format("--rule {}", id), word,
                             {"error", "warning", "note", "off"});
    return *wrong;
  }
  return std::pair{std::move(id), *severity};
}

}  // namespace

void DeclareReportOptions(CLI::App* app, Arguments* arguments) {
  app->add_option("--format", arguments->format,
                  Join(ReporterIds(), ", ") + " (default: text)")
      ->type_name("FORM");
  app->add_option("-o,--output", arguments->output,
                  "write the report there; it appears only once it is whole")
      ->type_name("FILE");
  app->add_option("--color", arguments->color,
                  "auto, always or never (default: auto; NO_COLOR is heeded)")
      ->type_name("WHEN");
  app->add_flag("-q,--quiet", arguments->quiet, "the verdict only");
  app->add_flag("-v,--verbose", arguments->verbose,
                "fold nothing, show all evidence");
}

void DeclareSeverityOptions(CLI::App* app, Arguments* arguments,
                            std::string_view fail_on) {
  arguments->fail_on = fail_on;
  app->add_option("--fail-on", arguments->fail_on,
                  fmt::format("status 1 from this severity on: error, warning, "
                              "note or never (default: {})",
                              fail_on))
      ->type_name("SEVERITY");
  app->add_option("--rule", arguments->rules,
                  "ID=error|warning|note|off: a rule's severity; repeatable")
      ->type_name("ID=SEVERITY")
      ->expected(1)
      ->take_all();
}

void DeclareIgnore(CLI::App* app, Arguments* arguments) {
  app->add_option("--ignore", arguments->ignore,
                  "leave out variables by name, key or label, with their "
                  "slots; * crosses / and ., {a,b} and {0..11}; repeatable")
      ->type_name("GLOB")
      ->expected(1)
      ->take_all();
}

void DeclareSubtree(CLI::App* app, Arguments* arguments) {
  app->add_option("--subtree", arguments->subtree,
                  "the part of a nested torch bundle that is the model "
                  "(default: found)")
      ->type_name("PATH");
}

Error UsageError(std::string what, std::string hint) {
  return {ErrorCode::kUsage, {}, {}, std::move(what), std::move(hint)};
}

std::string DidYouMean(std::string_view word,
                       const std::vector<std::string_view>& choices,
                       std::string otherwise) {
  std::string_view nearest = Nearest(word, choices);
  if (nearest.empty()) return otherwise;
  return fmt::format("did you mean {}?", nearest);
}

Result<Settings> Understand(const Command& command, const Arguments& typed) {
  Settings settings;
  if (auto wrong = CheckChoice("--format", typed.format, ReporterIds())) {
    return *wrong;
  }
  if (auto wrong =
          CheckChoice("--color", typed.color, {"auto", "always", "never"})) {
    return *wrong;
  }
  settings.reporter = FindReporter(typed.format);
  settings.compare.command = command.id;
  settings.compare.with_pairs = typed.pairs;
  settings.compare.by_content = typed.content;
  settings.compare.ignore = typed.ignore;
  for (const std::string& rule : typed.rules) {
    Result<std::pair<std::string, Severity>> severity = ReadRule(rule);
    if (!severity.ok()) return severity.error();
    settings.compare.severities.push_back(severity.value());
  }
  if (typed.fail_on.empty()) return settings;
  if (auto wrong = CheckChoice("--fail-on", typed.fail_on,
                               {"error", "warning", "note", "never"})) {
    return *wrong;
  }
  settings.never_fails = typed.fail_on == "never";
  settings.fail_on =
      SeverityFromString(typed.fail_on).value_or(Severity::kError);
  return settings;
}

Result<Layout> ReadSide(const std::string& path, ReadOptions::As as,
                        const Arguments& arguments, const Streams& streams) {
  std::vector<std::string> remarks;
  ReadOptions options;
  options.as = as;
  options.subtree = arguments.subtree;
  options.remarks = &remarks;
  Result<Layout> layout = ReadLayout(path, options);
  for (const std::string& remark : remarks) {
    fmt::print(streams.err, "ckptdiff: {}: {}\n", Printable(path),
               Printable(remark));
  }
  if (!layout.ok()) Fail(layout.error(), streams);
  return layout;
}

std::optional<Error> CheckSubtree(const Arguments& arguments,
                                  const std::vector<const Layout*>& layouts) {
  if (arguments.subtree.empty()) return std::nullopt;
  for (const Layout* layout : layouts) {
    if (layout->source.format.starts_with("torch")) return std::nullopt;
  }
  const SourceInfo& source = layouts[0]->source;
  return UsageError(fmt::format("--subtree is for torch bundles, {} is {}",
                                source.path, source.format));
}

int Fail(const Error& error, const Streams& streams) {
  fmt::print(streams.err, "ckptdiff: {}\n", ToString(error));
  return kFailed;
}

}  // namespace ckptdiff
