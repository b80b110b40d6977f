// audit: each checkpoint once, whatever it is made of, and one bad file stops
// nothing.

#include "ckptdiff/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    fs::create_directories(dir_.File("runs"));
    fs::copy(TestData("formats/tf-bundle/gan-with-slots"), dir_.File("runs/b"),
             fs::copy_options::recursive);
    fs::copy(TestData("formats/saved-model/module"), dir_.File("runs/saved"),
             fs::copy_options::recursive);
    dir_.Write("runs/broken.safetensors", "nothing of the kind");
    dir_.Write("runs/notes.txt", "not a checkpoint");
    dir_.Write("runs/spec.json",
               R"({"schema": "ckptdiff/layout/v1", "variables": ["a"]})");
    fs::create_directory_symlink(dir_.File("runs/b"), dir_.File("runs/link"));
  }
  nlohmann::json Audit(std::vector<std::string> options) const {
    std::vector<std::string> args = {"audit", dir_.File("runs"), "--format",
                                     "json"};
    args.insert(args.end(), options.begin(), options.end());
    return ExpectDocument(Cli(args).out);
  }
  std::vector<std::string> Paths(const nlohmann::json& audit) const {
    std::vector<std::string> paths;
    for (const auto& report : audit["reports"]) {
      std::string path = report["actual"]["path"];
      paths.push_back(path.substr(dir_.path().size() + 1));
    }
    return paths;
  }

  TempDir dir_;
};

TEST_F(AuditTest, FindsEachCheckpointOnceInOrder) {
  auto audit = Audit({});
  std::vector<std::string> paths = Paths(audit);
  ASSERT_EQ(paths.size(), 3u) << audit.dump(1);
  EXPECT_THAT(paths[0], HasSubstr("runs/b/"));
  EXPECT_EQ(paths[1], "runs/broken.safetensors");
  EXPECT_EQ(paths[2], "runs/saved");
  EXPECT_EQ(audit["summary"]["skipped"], 1);
}

TEST_F(AuditTest, AnUnreadableOneIsAFinding) {
  CliResult result = Cli({"audit", dir_.File("runs")});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.out, HasSubstr("unreadable"));
  EXPECT_EQ(Cli({"audit", dir_.File("runs"), "--fail-on", "never"}).status, 0);
  auto audit = Audit({});
  EXPECT_EQ(audit["summary"]["unreadable"], 1);
  EXPECT_EQ(audit["summary"]["rules"]["unreadable-checkpoint"]["error"], 1);
  EXPECT_EQ(audit["reports"][1]["status"], "unreadable");
}

TEST_F(AuditTest, AnyNumberOfJobsWritesTheSame) {
  for (const char* form : {"text", "json", "jsonl"}) {
    auto run = [&](const char* jobs) {
      return Cli({"audit", dir_.File("runs"), "--format", form, "--jobs", jobs})
          .out;
    };
    EXPECT_EQ(run("1"), run("4"));
  }
}

TEST_F(AuditTest, JsonlIsAReportALine) {
  CliResult result = Cli({"audit", dir_.File("runs"), "--format", "jsonl"});
  EXPECT_EQ(ExpectDocuments(result.out).size(), 3u);
}

TEST_F(AuditTest, ChecksAgainstASpec) {
  auto audit = Audit({"--spec", dir_.File("runs/spec.json")});
  EXPECT_EQ(audit["reports"][0]["expected"]["variables"], 1);
  EXPECT_EQ(audit["reports"][0]["status"], "findings");
}

TEST_F(AuditTest, AMissingPathIsStatus2) {
  CliResult result = Cli({"audit", dir_.File("nope")});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
}

TEST_F(AuditTest, ATypedFileIsToldAsItWasTyped) {
  std::string path = dir_.File("runs/notes.txt");
  auto audit =
      ExpectDocument(Cli({"audit", path, path, "--format", "json"}).out);
  ASSERT_EQ(audit["reports"].size(), 1u);
  EXPECT_EQ(audit["reports"][0]["actual"]["path"], path);
}

TEST_F(AuditTest, NothingIsFoundInNothing) {
  fs::create_directory(dir_.File("empty"));
  CliResult result = Cli({"audit", dir_.File("empty"), "--format", "json"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(ExpectDocument(result.out)["summary"]["checkpoints"], 0);
}

}  // namespace
}  // namespace ckptdiff
