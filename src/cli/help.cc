#include "cli/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/columns.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr size_t kWidth = 80;

constexpr std::string_view kDoneOrFindings =
    "  0  done; nothing at or above --fail-on\n"
    "  1  done; at least one finding at or above --fail-on\n";
constexpr std::string_view kDoneAlone = "  0  done\n";
constexpr std::string_view kNotDone =
    "  2  could not be done: wrong usage, or a named input that is missing,\n"
    "     unreadable, corrupt or unsupported (one line on standard error)\n";

void AddRow(std::string_view left, std::string_view right, size_t column,
            std::string* out) {
  std::string head = "  " + std::string(left);
  if (head.size() + 2 > column) {
    *out += head + "\n";
    head.clear();
  }
  for (const std::string& line : WrapText(right, kWidth - column)) {
    *out += PadRight(head, column) + line + "\n";
    head.clear();
  }
}

// "-o, --output FILE".
std::string OptionName(const CLI::Option& option) {
  std::string name;
  for (const std::string& word : option.get_snames()) name += "-" + word + ", ";
  for (const std::string& word : option.get_lnames()) name += "--" + word;
  if (!option.get_type_name().empty()) name += " " + option.get_type_name();
  return name;
}

}  // namespace

std::string ProgramHelp() {
  std::string out =
      "ckptdiff: says what a saved model holds, and why it does not load\n\n"
      "usage: ckptdiff COMMAND ...\n"
      "       ckptdiff CHECKPOINT MODEL    as check CHECKPOINT --spec MODEL\n"
      "       ckptdiff SOURCE              as inspect SOURCE\n\n"
      "commands:\n";
  for (const Command* command : AllCommands()) {
    AddRow(command->id, command->summary, 12, &out);
  }
  out += "\nexit status:\n";
  out += kDoneOrFindings;
  out += kNotDone;
  out += "\nckptdiff COMMAND --help tells more; --version prints the version\n";
  return out;
}

std::string CommandHelp(const Command& command, const CLI::App& app) {
  std::string out =
      fmt::format("ckptdiff {}: {}\n\nusage: ckptdiff {}{}{}\n\n", command.id,
                  command.summary, command.id, command.usage.empty() ? "" : " ",
                  command.usage);
  for (const std::string& line : WrapText(command.help, kWidth)) {
    out += line + "\n";
  }
  out += "\noptions:\n";
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    AddRow(OptionName(*option), option->get_description(), 26, &out);
  }
  const bool has_findings = app.get_option_no_throw("--fail-on") != nullptr;
  out += "\nexit status:\n";
  out += has_findings ? kDoneOrFindings : kDoneAlone;
  out += kNotDone;
  out += "\nexamples:\n";
  for (std::string_view line : Split(command.examples, '\n')) {
    out += fmt::format("  {}\n", line);
  }
  return out;
}

}  // namespace ckptdiff
