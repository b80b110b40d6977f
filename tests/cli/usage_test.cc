// What is said of wrong words, and of none.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cli/command.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

struct Wrong {
  std::vector<std::string> args;
  const char* said;
};

TEST(UsageTest, WrongWordsAreOneLineAndStatus2) {
  for (const Wrong& wrong : {
           Wrong{{}, "nothing to do"},
           Wrong{{"chekc", "a", "b"}, "did you mean check?"},
           Wrong{{"inspect"}, "SOURCE"},
           Wrong{{"inspect", "a", "--fromat", "json"},
                 "inspect has no option '--fromat'; did you mean --format?"},
           Wrong{{"inspect", "a", "--format", "xml"},
                 "--format takes text|json|jsonl, not 'xml'"},
           Wrong{{"inspect", "a", "--format"}, "--format"},
           Wrong{{"inspect", "a", "--only", "wieghts"},
                 "did you mean weights?"},
           Wrong{{"check", "a"}, "--spec"},
           Wrong{{"check", "a", "b", "--spec", "c"}, "one argument too many"},
           Wrong{{"check", "a", "--spec", "b", "--fail-on", "eror"},
                 "did you mean error?"},
           Wrong{{"check", "a", "--spec", "b", "--rule", "mising-variable=off"},
                 "unknown rule 'mising-variable'; did you mean "
                 "missing-variable?"},
           Wrong{{"check", "a", "--spec", "b", "--rule", "missing-variable"},
                 "names no severity"},
           Wrong{{"check", "a", "--spec", "b", "--config", "c"},
                 "check has no option '--config'"},
           Wrong{{"diff", "a"}, "usage: ckptdiff diff OLD NEW"},
           Wrong{{"diff", "a", "b", "c"}, "one argument too many"},
           Wrong{{"audit"}, "PATH"},
           Wrong{{"audit", ".", "--jobs", "many"}, "--jobs"},
           Wrong{{"rules", "layers-renmaed"}, "is called 'layers-renmaed'"},
           Wrong{{"a", "b", "c"}, "one argument too many"},
           Wrong{{"--nonsense"}, "nothing to do"},
       }) {
    CliResult result = Cli(wrong.args);
    EXPECT_EQ(result.status, 2) << wrong.said;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(wrong.said));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
        << result.err;
  }
}

TEST(UsageTest, HelpTellsEveryCommandItsOptionsAndTheExitStatus) {
  CliResult program = Cli({"--help"});
  EXPECT_EQ(program.status, 0);
  for (const Command* command : AllCommands()) {
    std::string id(command->id);
    EXPECT_THAT(program.out, HasSubstr("  " + id + " "));
    CliResult result = Cli({id, "--help"});
    EXPECT_EQ(result.status, 0);
    for (const char* part : {"usage: ckptdiff ", "exit status:", "examples:"}) {
      EXPECT_THAT(result.out, HasSubstr(part)) << id;
    }
  }
}

// A status that a command never ends with is not promised.
TEST(UsageTest, HelpPromisesStatus1OnlyOfWhatHasFailOn) {
  for (const Command* command : AllCommands()) {
    const std::string help = Cli({std::string(command->id), "--help"}).out;
    EXPECT_EQ(help.find("--fail-on SEVERITY") != help.npos,
              help.find("\n  1  done") != help.npos)
        << command->id;
    EXPECT_EQ(help.find(" \n"), help.npos) << command->id;
  }
}

TEST(UsageTest, HelpFitsEightyColumns) {
  for (const Command* command : AllCommands()) {
    CliResult result = Cli({std::string(command->id), "--help"});
    size_t start = 0;
    for (size_t end; (end = result.out.find('\n', start)) != std::string::npos;
         start = end + 1) {
      EXPECT_LE(end - start, 80u) << result.out.substr(start, end - start);
    }
  }
}

TEST(UsageTest, TheVersionIsOneLine) {
  CliResult result = Cli({"--version"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, ::testing::MatchesRegex("ckptdiff [0-9.]+\n"));
}

TEST(UsageTest, RulesTellsOneAndAll) {
  EXPECT_THAT(Cli({"rules"}).out, HasSubstr("missing-variable"));
  CliResult one = Cli({"rules", "shape-mismatch"});
  EXPECT_EQ(one.status, 0);
  EXPECT_THAT(one.out, HasSubstr("error by default"));
}

TEST(UsageTest, FormatsComeFromTheRegistry) {
  CliResult result = Cli({"formats"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("tf-bundle"));
  EXPECT_THAT(result.out, HasSubstr("layout"));
}

}  // namespace
}  // namespace ckptdiff
