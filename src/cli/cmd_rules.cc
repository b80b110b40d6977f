// rules: what is reported and why, printed from where it is defined.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/columns.h"
#include "cli/options.h"
#include "cli/output.h"

namespace ckptdiff {
namespace {

void AddParagraph(std::string_view text, std::string* out) {
  if (text.empty()) return;
  *out += '\n';
  for (const std::string& line : WrapText(text, 78)) {
    *out += "  " + line + "\n";
  }
}

void AddRow(std::string_view id, std::string_view middle,
            std::string_view summary, std::string* out) {
  std::string head = "  " + PadRight(id, 27);
  if (!middle.empty()) head += PadRight(middle, 9);
  bool is_first = true;
  for (const std::string& line : WrapText(summary, 80 - head.size())) {
    *out += (is_first ? head : std::string(head.size(), ' ')) + line + "\n";
    is_first = false;
  }
}

std::string ListAll() {
  std::string out = "rules (severity is the default; --rule ID=SEVERITY)\n";
  std::string_view group;
  for (const RuleInfo& rule : Rules()) {
    if (rule.subject != group) out += fmt::format("\n{}\n", rule.subject);
    group = rule.subject;
    AddRow(rule.id, ToString(rule.severity), rule.summary, &out);
  }
  out += "\ncauses\n";
  for (const CauseInfo& cause : Causes()) {
    if (cause.group != group) out += fmt::format("\n{}\n", cause.group);
    group = cause.group;
    AddRow(cause.id, "", cause.summary, &out);
  }
  return out;
}

// A rule and a cause may share an id: both are told. Empty: there is none.
std::string Describe(std::string_view id) {
  std::string out;
  for (const RuleInfo& rule : Rules()) {
    if (rule.id != id) continue;
    out += fmt::format("{} (rule about {}, {} by default)\n", rule.id,
                       rule.subject, ToString(rule.severity));
    AddParagraph(rule.summary, &out);
    AddParagraph(rule.help, &out);
    if (!rule.remedy.empty()) {
      AddParagraph(fmt::format("What to do: {}", rule.remedy), &out);
    }
  }
  for (const CauseInfo& cause : Causes()) {
    if (cause.id != id) continue;
    if (!out.empty()) out += '\n';
    out += fmt::format("{} (cause, {}{})\n", cause.id, cause.group,
                       cause.harmless ? ", harmless" : "");
    AddParagraph(cause.summary, &out);
    AddParagraph(cause.help, &out);
  }
  return out;
}

Error UnknownId(const std::string& id) {
  std::vector<std::string_view> ids;
  for (const RuleInfo& rule : Rules()) ids.push_back(rule.id);
  for (const CauseInfo& cause : Causes()) ids.push_back(cause.id);
  return UsageError(fmt::format("no rule and no cause is called '{}'", id),
                    DidYouMean(id, ids, "ckptdiff rules lists them"));
}

void Declare(CLI::App* app, Arguments* arguments) {
  app->add_option("ID", arguments->paths)->expected(1);
}

int Run(const Arguments& arguments, const Settings&, const Streams& streams) {
  std::string text =
      arguments.paths.empty() ? ListAll() : Describe(arguments.paths[0]);
  if (text.empty()) return Fail(UnknownId(arguments.paths[0]), streams);
  return WriteStandard(text, streams);
}

}  // namespace

extern const Command kRules = {
    .id = "rules",
    .usage = "[ID]",
    .summary = "what is reported, how severe it is, and why it happens",
    .help =
        "Lists rules and causes, or tells one of them: its meaning, when "
        "it fires, what to do.",
    .examples =
        "ckptdiff rules\n"
        "ckptdiff rules untracked-variable",
    .declare = Declare,
    .run = Run,
};

}  // namespace ckptdiff
