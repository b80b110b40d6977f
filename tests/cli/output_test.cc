// Where reports go: files that appear whole, pipes that close, full disks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "cli/app.h"
#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

namespace fs = std::filesystem;

class OutputTest : public ::testing::Test {
 protected:
  TempDir dir_;
  const std::string spec_ = dir_.Write(
      "spec.json", R"({"schema": "ckptdiff/layout/v1", "variables": ["a"]})");
};

TEST_F(OutputTest, AFileHasTheReportAndStandardOutputNothing) {
  std::string out = dir_.Write("out.json", "old");
  CliResult result = Cli({"inspect", spec_, "--format", "json", "-o", out});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "");
  ExpectDocument(ReadTextFile(out));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path()),
                          fs::directory_iterator()),
            2);  // and no other file is left
}

TEST_F(OutputTest, AnErrorLeavesTheOldFile) {
  std::string out = dir_.Write("out.json", "old");
  EXPECT_EQ(Cli({"inspect", dir_.File("nope"), "-o", out}).status, 2);
  EXPECT_EQ(ReadTextFile(out), "old");
}

TEST_F(OutputTest, ALinkKeepsLeadingToTheFile) {
  std::string out = dir_.Write("real.txt", "old");
  fs::create_symlink(out, dir_.File("link.txt"));
  EXPECT_EQ(Cli({"inspect", spec_, "-o", dir_.File("link.txt")}).status, 0);
  EXPECT_TRUE(fs::is_symlink(dir_.File("link.txt")));
  EXPECT_THAT(ReadTextFile(out), HasSubstr("1 variable"));
}

TEST_F(OutputTest, AFileThatCannotBeWrittenIsStatus2) {
  CliResult result = Cli({"inspect", spec_, "-o", dir_.File("no/such/dir")});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("No such file or directory"));
}

TEST_F(OutputTest, AFullDiskIsStatus2) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "SKIPPED: no /dev/full";
  CliResult result = Cli({"inspect", spec_, "-o", "/dev/full"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("No space left"));
}

TEST_F(OutputTest, AClosedPipeEndsQuietly) {
  auto before = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  std::FILE* out = fdopen(ends[1], "w");
  std::FILE* err = std::tmpfile();
  EXPECT_EQ(RunCli({"inspect", spec_}, out, err), 0);
  EXPECT_EQ(std::ftell(err), 0);
  std::fclose(out);
  std::fclose(err);
  std::signal(SIGPIPE, before);
}

TEST_F(OutputTest, ColourIsForTerminalsUnlessAskedFor) {
  EXPECT_THAT(Cli({"check", spec_, "--spec", spec_}).out,
              Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Cli({"check", spec_, "--spec", spec_, "--color", "always"}).out,
              HasSubstr("\x1b["));
}

TEST_F(OutputTest, QuietIsTheVerdictOnly) {
  std::string out = Cli({"check", spec_, "--spec", spec_, "--quiet"}).out;
  EXPECT_EQ(out, "1 of 1 variable match. clean\n");
}

}  // namespace
}  // namespace ckptdiff
