#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

std::vector<Issue> IssuesWhenVerified(const std::string& path) {
  ReadOptions options;
  options.verify = true;
  Result<Layout> layout = ReadLayout(path, options);
  EXPECT_TRUE(layout.ok());
  return layout.ok() ? layout.value().issues : std::vector<Issue>();
}

TEST(TorchDcpTest, VerifyComparesTheChecksumsOfEveryChunk) {
  TempDir directory;
  std::filesystem::copy(
      TestData("formats/torch-dcp/named-optimizer/checkpoint"),
      directory.path(), std::filesystem::copy_options::recursive);
  EXPECT_TRUE(IssuesWhenVerified(directory.path()).empty());

  Layout layout = ReadLayout(directory.path()).value();
  const Variable& variable = layout.variables.front();
  ASSERT_TRUE(variable.data);
  std::string shard = ReadTextFile(directory.File(variable.data->file));
  shard[variable.data->offset] = static_cast<char>(
      ~static_cast<unsigned char>(shard[variable.data->offset]));
  directory.Write(variable.data->file, shard);

  std::vector<Issue> issues = IssuesWhenVerified(directory.path());
  ASSERT_EQ(issues.size(), 1u);
  EXPECT_EQ(issues[0].rule, "checksum-mismatch");
  EXPECT_EQ(issues[0].where, variable.key);
  EXPECT_THAT(issues[0].message, HasSubstr("CRC-32"));
}

}  // namespace
}  // namespace ckptdiff
