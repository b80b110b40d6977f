// schemas/README.md shows specs written by hand, each with the checkpoint that
// it describes: every one of them is read and holds.

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "ckptdiff/compare.h"
#include "ckptdiff/read.h"
#include "ckptdiff/report.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

struct Example {
  std::string checkpoint;  // below testdata/
  std::string spec;
};

std::vector<Example> Examples() {
  std::string text = ReadTextFile(TestData("../schemas/README.md"));
  const std::regex pattern(
      "```yaml\n([^`]*)```\n\n```sh\nckptdiff check testdata/(\\S+) --spec");
  std::vector<Example> examples;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end;
       at != end; ++at) {
    examples.push_back({(*at)[2], (*at)[1]});
  }
  return examples;
}

TEST(SpecsTest, TheExamplesDescribeTheirCheckpoints) {
  std::vector<Example> examples = Examples();
  ASSERT_EQ(examples.size(), 3u);
  TempDir directory;
  for (const Example& example : examples) {
    SCOPED_TRACE(example.checkpoint);
    std::string path = directory.path() + "/spec.yaml";
    std::ofstream(path) << example.spec;
    std::vector<std::string> remarks;
    ReadOptions options;
    options.remarks = &remarks;
    Result<Layout> expected = ReadLayout(path, options);
    ASSERT_TRUE(expected.ok()) << ToString(expected.error());
    EXPECT_TRUE(remarks.empty()) << remarks.front();
    Result<Layout> actual = ReadLayout(TestData(example.checkpoint));
    ASSERT_TRUE(actual.ok()) << ToString(actual.error());
    Result<Report> report = Compare(actual.value(), expected.value());
    ASSERT_TRUE(report.ok()) << ToString(report.error());
    EXPECT_TRUE(report.value().findings.empty())
        << report.value().findings.front().message;
    EXPECT_EQ(report.value().status, Report::Status::kClean);
  }
}

}  // namespace
}  // namespace ckptdiff
