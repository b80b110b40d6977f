// The README shows what the program does: every command in it gives the output
// that stands below it, and its tables are those of the program's own lists.
// UPDATE_GOLDENS=1 writes both anew.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ckptdiff/diagnosis.h"
#include "ckptdiff/finding.h"
#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

const std::string kPrompt = "$ ckptdiff ";

std::vector<std::string> Words(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string FormatsTable() {
  std::string table = "| format | what | usual names |\n| --- | --- | --- |\n";
  for (const FormatInfo& format : Formats()) {
    table += fmt::format("| `{}` | {} | {} |\n", format.id, format.summary,
                         format.extensions);
  }
  return table;
}

std::string RulesTable() {
  std::string table =
      "| rule | severity | what it says |\n| --- | --- | --- |\n";
  for (const RuleInfo& rule : Rules()) {
    table += fmt::format("| `{}` | {} | {} |\n", rule.id,
                         ToString(rule.severity), rule.summary);
  }
  return table;
}

std::string CausesTable() {
  std::string table =
      "| cause | group | what happened |\n| --- | --- | --- |\n";
  for (const CauseInfo& cause : Causes()) {
    table += fmt::format("| `{}` | {}{} | {} |\n", cause.id, cause.group,
                         cause.harmless ? ", harmless" : "", cause.summary);
  }
  return table;
}

std::string Table(const std::string& name) {
  if (name == "formats") return FormatsTable();
  return name == "rules" ? RulesTable() : CausesTable();
}

// The README as it should be: what stands under a command or in a table is
// made anew, everything else is kept.
std::string Regenerated(const std::string& readme) {
  std::istringstream in(readme);
  std::string out;
  bool skipping = false;
  std::string until;
  for (std::string line; std::getline(in, line);) {
    if (skipping && line != until && !line.starts_with(kPrompt)) continue;
    skipping = false;
    out += line + "\n";
    const std::string mark = "<!-- table: ";
    if (line.starts_with(mark)) {
      std::string name = line.substr(mark.size());
      out += Table(name.substr(0, name.find(' ')));
      skipping = true;
      until = "<!-- end -->";
    }
    if (line.starts_with(kPrompt)) {
      CliResult result = Cli(Words(line.substr(kPrompt.size())));
      out += result.out + result.err;
      skipping = true;
      until = "```";
    }
  }
  return out;
}

TEST(ReadmeTest, ShowsWhatTheProgramDoes) {
  std::filesystem::current_path(Root());
  std::string readme = ReadTextFile("README.md");
  std::string right = Regenerated(readme);
  if (std::getenv("UPDATE_GOLDENS") != nullptr) {
    std::ofstream("README.md", std::ios::binary) << right;
    return;
  }
  EXPECT_EQ(readme, right) << "UPDATE_GOLDENS=1 writes it anew";
}

}  // namespace
}  // namespace ckptdiff
