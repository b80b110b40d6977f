// The list of commands, and what the first words mean.

#include "cli/app.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "ckptdiff/read.h"
#include "ckptdiff/report.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/output.h"

#define CKPTDIFF_COMMANDS(X) \
  X(kInspect) \
  X(kCheck) \
  X(kDiff) \
  X(kAudit) \
  X(kVerify) \
  X(kRules) \
  X(kFormatsCommand)

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const Command name;
CKPTDIFF_COMMANDS(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

const std::vector<const Command*>& AllCommands() {
#define CKPTDIFF_ADDRESS(name) &name,
  static const std::vector<const Command*> commands = {
      CKPTDIFF_COMMANDS(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS
  return commands;
}

namespace {

using Words = std::vector<std::string>;

const Command* FindCommand(std::string_view id) {
  for (const Command* command : AllCommands()) {
    if (command->id == id) return command;
  }
  return nullptr;
}

std::vector<std::string_view> OptionNames(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

// What CLI11 could not place, in our words.
std::optional<Error> Leftover(const Command& command, const CLI::App& app) {
  for (const std::string& word : app.remaining()) {
    if (word.size() < 2 || word[0] != '-') {
      return UsageError(
          fmt::format("one argument too many: '{}'", word),
          fmt::format("usage: ckptdiff {} {}", command.id, command.usage));
    }
    std::string name = word.substr(0, word.find('='));
    std::string plain = name.substr(std::min(name.size(), size_t{2}));
    std::string_view nearest = Nearest(plain, OptionNames(app));
    return UsageError(
        fmt::format("{} has no option '{}'", command.id, name),
        nearest.empty()
            ? fmt::format("ckptdiff {} --help lists them", command.id)
            : fmt::format("did you mean --{}?", nearest));
  }
  return std::nullopt;
}

// "--format: 1 required TEXT missing" and its like, as one plain line.
Error Translate(const Command& command, const CLI::ParseError& error) {
  std::string what = error.what();
  what = what.substr(0, what.find('\n'));
  if (what.find("At Most") != std::string::npos) what = "one argument too many";
  return UsageError(
      what, fmt::format("usage: ckptdiff {} {}", command.id, command.usage));
}

int RunCommand(const Command& command, const Words& words,
               const Streams& streams) {
  Arguments arguments;
  CLI::App app;
  app.set_help_flag();
  bool wants_help = false;
  command.declare(&app, &arguments);
  app.add_flag("-h,--help", wants_help, "this text");
  app.allow_extras();
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "--help" || word == "-h") {
      return WriteStandard(CommandHelp(command, app), streams);
    }
  }
  try {
    app.parse(Words(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (auto leftover = Leftover(command, app)) return Fail(*leftover, streams);
    return Fail(Translate(command, error), streams);
  }
  if (auto leftover = Leftover(command, app)) return Fail(*leftover, streams);
  Result<Settings> settings = Understand(command, arguments);
  if (!settings.ok()) return Fail(settings.error(), streams);
  return command.run(arguments, settings.value(), streams);
}

// Where in `words` the paths stand, by the options of check and of inspect.
std::vector<size_t> Positionals(const Words& words) {
  CLI::App app_of_check, app_of_inspect;
  Arguments ignored;
  kCheck.declare(&app_of_check, &ignored);
  kInspect.declare(&app_of_inspect, &ignored);
  auto takes_value = [&](const std::string& word) {
    for (CLI::App* app : {&app_of_check, &app_of_inspect}) {
      const CLI::Option* option = app->get_option_no_throw(word);
      if (option != nullptr) return option->get_items_expected_min() > 0;
    }
    return false;
  };
  std::vector<size_t> positions;
  bool only_paths = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (only_paths || word.size() < 2 || word[0] != '-') {
      positions.push_back(i);
    } else if (word == "--") {
      only_paths = true;
    } else if (takes_value(word)) {
      ++i;
    }
  }
  return positions;
}

// `ckptdiff CHECKPOINT MODEL` and `ckptdiff SOURCE`.
int RunWithoutCommand(Words words, const Streams& streams) {
  std::vector<size_t> paths = Positionals(words);
  if (paths.empty()) {
    return Fail(UsageError("nothing to do", "ckptdiff --help lists commands"),
                streams);
  }
  const std::string& first = words[paths[0]];
  std::vector<std::string_view> ids;
  for (const Command* command : AllCommands()) ids.push_back(command->id);
  if (!Nearest(first, ids).empty() && first != "-" &&
      Identify(first).format.empty()) {
    return Fail(UsageError(fmt::format("'{}' is no command and no file", first),
                           DidYouMean(first, ids, "")),
                streams);
  }
  bool has_spec =
      std::find(words.begin(), words.end(), "--spec") != words.end();
  if (paths.size() == 1 && !has_spec) {
    return RunCommand(kInspect, words, streams);
  }
  if (paths.size() == 2 && !has_spec) {
    std::string model = words[paths[1]];
    words.erase(words.begin() + static_cast<ptrdiff_t>(paths[1]));
    words.insert(words.begin(), {"--spec", model});
  }
  return RunCommand(kCheck, words, streams);
}

}  // namespace

int RunCli(const std::vector<std::string>& args, std::FILE* out,
           std::FILE* err) {
  const Streams streams{out, err};
  const std::string first = args.empty() ? "" : args[0];
  if (first == "--version") {
    return WriteStandard(fmt::format("ckptdiff {}\n", Version()), streams);
  }
  if (first == "--help" || first == "-h") {
    return WriteStandard(ProgramHelp(), streams);
  }
  if (const Command* command = FindCommand(first)) {
    return RunCommand(*command, Words(args.begin() + 1, args.end()), streams);
  }
  return RunWithoutCommand(args, streams);
}

}  // namespace ckptdiff
