// check and diff, black-box: what they write and how they end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CheckTest : public ::testing::Test {
 protected:
  std::string Spec(const std::string& name, const std::string& members) const {
    return dir_.Write(name,
                      "{\"schema\": \"ckptdiff/layout/v1\", " + members + "}");
  }
  std::string Variables(const std::string& name,
                        const std::string& variables) const {
    return Spec(name, "\"variables\": [" + variables + "]");
  }

  TempDir dir_;
  const std::string two_ =
      Variables("two.json",
                R"({"name": "a/kernel", "shape": [2, 3], "dtype": "float32"},
         {"name": "a/bias", "shape": [3], "dtype": "float32"})");
  const std::string one_ =
      Variables("one.json",
                R"({"name": "a/kernel", "shape": [2, 3], "dtype": "float32"})");
};

TEST_F(CheckTest, EndsWith0WhereNothingIsFound) {
  CliResult result = Cli({"check", two_, "--spec", two_});
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_EQ(result.err, "");
}

TEST_F(CheckTest, EndsWith1WhereAnErrorIsFound) {
  CliResult result = Cli({"check", one_, "--spec", two_});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("bias [3]"));
  EXPECT_EQ(result.err, "");
}

TEST_F(CheckTest, EndsWith2WhereASideCannotBeRead) {
  CliResult result = Cli({"check", dir_.File("nope"), "--spec", two_});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "ckptdiff: " + dir_.File("nope") +
                            ": no such file, directory or checkpoint prefix\n");
}

TEST_F(CheckTest, AMachineFormAlsoTellsWhatCannotBeRead) {
  for (const char* form : {"json", "jsonl"}) {
    CliResult result =
        Cli({"check", two_, "--spec", dir_.File("nope"), "--format", form});
    EXPECT_EQ(result.status, 2);
    auto report = ExpectDocument(result.out);
    EXPECT_EQ(report["status"], "unreadable");
    EXPECT_TRUE(report["expected"].is_null());
    EXPECT_EQ(report["actual"]["path"], two_);
    ASSERT_EQ(report["findings"].size(), 1u);
    EXPECT_EQ(report["findings"][0]["rule"], "unreadable-checkpoint");
  }
}

TEST_F(CheckTest, FailOnMovesTheLine) {
  // A surplus variable is a warning.
  EXPECT_EQ(Cli({"check", two_, "--spec", one_}).status, 0);
  EXPECT_EQ(Cli({"check", two_, "--spec", one_, "--fail-on", "warning"}).status,
            1);
  EXPECT_EQ(Cli({"check", one_, "--spec", two_, "--fail-on", "never"}).status,
            0);
}

TEST_F(CheckTest, RuleBeatsTheDefaultSeverity) {
  EXPECT_EQ(Cli({"check", two_, "--spec", one_, "--rule",
                 "unexpected-variable=error"})
                .status,
            1);
  CliResult off =
      Cli({"check", one_, "--spec", two_, "--format", "json", "--rule",
           "missing-variable=off", "--rule", "untracked-variable=off"});
  EXPECT_EQ(off.status, 0) << off.out;
  EXPECT_EQ(ExpectDocument(off.out)["findings"].size(), 0u);
}

TEST_F(CheckTest, WhatIsIgnoredTakesNoPart) {
  CliResult result = Cli({"check", one_, "--spec", two_, "--ignore", "*/bias",
                          "--format", "json"});
  EXPECT_EQ(result.status, 0) << result.out;
  EXPECT_EQ(ExpectDocument(result.out)["summary"]["ignored"], 1);
}

TEST_F(CheckTest, PairsAreTheWholeCorrespondence) {
  CliResult result =
      Cli({"check", two_, "--spec", two_, "--pairs", "--format", "json"});
  auto report = ExpectDocument(result.out);
  ASSERT_EQ(report["pairs"].size(), 2u);
  EXPECT_EQ(report["pairs"][0]["how"], "exact");
  EXPECT_FALSE(ExpectDocument(
                   Cli({"check", two_, "--spec", two_, "--format", "json"}).out)
                   .contains("pairs"));
}

TEST_F(CheckTest, VerboseFoldsNothing) {
  const std::string files = Root() + "/tests/matching/files/torch-to-npz/";
  std::vector<std::string> args = {"check", files + "actual.pt", "--spec",
                                   files + "expected.npz"};
  EXPECT_THAT(Cli(args).out, HasSubstr("more (--verbose shows all)"));
  args.push_back("--verbose");
  const std::string all = Cli(args).out;
  EXPECT_THAT(all, Not(HasSubstr("shows all")));
  args.back() = "-v";
  EXPECT_EQ(Cli(args).out, all);
}

TEST_F(CheckTest, ContentPairsWhatNamesCannot) {
  const std::string files = Root() + "/tests/matching/files/torch-to-npz/";
  const std::string torch = files + "actual.pt", numpy = files + "expected.npz";
  EXPECT_THAT(Cli({"check", torch, "--spec", numpy, "-q"}).out,
              HasSubstr("34 renamed, 2 missing"));
  EXPECT_THAT(Cli({"check", torch, "--spec", numpy, "-q", "--content"}).out,
              HasSubstr("36 renamed"));
  EXPECT_THAT(Cli({"diff", torch, numpy, "-q", "--content"}).out,
              HasSubstr("36 renamed"));
}

TEST_F(CheckTest, TwoPathsAreACheckAndOneIsAnInspection) {
  EXPECT_EQ(Cli({one_, two_}).out, Cli({"check", one_, "--spec", two_}).out);
  EXPECT_EQ(Cli({"--format", "json", one_, two_, "--fail-on", "never"}).status,
            0);
  EXPECT_EQ(Cli({one_}).out, Cli({"inspect", one_}).out);
  EXPECT_EQ(Cli({one_, "--spec", two_}).status, 1);
}

TEST_F(CheckTest, DiffEndsAsDiffDoes) {
  CliResult same = Cli({"diff", two_, two_});
  EXPECT_EQ(same.status, 0);
  EXPECT_THAT(same.out, HasSubstr("no difference"));
  CliResult other = Cli({"diff", two_, one_});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr("1 removed"));
  EXPECT_THAT(Cli({"diff", one_, two_}).out, HasSubstr("1 added"));
}

TEST_F(CheckTest, BothSidesCannotBeStandardInput) {
  CliResult result = Cli({"check", "-", "--spec", "-"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, StartsWith("ckptdiff: standard input"));
}

TEST_F(CheckTest, TwoRunsAreByteIdentical) {
  for (const char* form : {"text", "json", "jsonl"}) {
    std::vector<std::string> args = {"check",    one_, "--spec", two_,
                                     "--format", form, "--pairs"};
    EXPECT_EQ(Cli(args).out, Cli(args).out);
  }
}

TEST_F(CheckTest, RemarksGoToStandardError) {
  std::string odd = Variables("odd.json", R"({"name": "a", "dtpye": "x"})");
  CliResult result = Cli({"check", odd, "--spec", odd, "--format", "json"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.err, HasSubstr("unknown field \"dtpye\"; did you mean "
                                    "\"dtype\"?"));
  ExpectDocument(result.out);
}

}  // namespace
}  // namespace ckptdiff
