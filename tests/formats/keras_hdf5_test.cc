// What keras-h5 and keras-weights-h5 make of odd files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ckptdiff/read.h"
#include "formats/format.h"
#include "formats/keras/hdf5.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using testing::HasSubstr;

Result<Layout> Malformed(const std::string& name) {
  return ReadLayout(TestData("malformed/hdf5/" + name));
}

TEST(KerasHdf5Test, ForeignFilesAreCalledByTheirName) {
  Result<Layout> tables = Malformed("tables.h5");
  ASSERT_FALSE(tables.ok());
  EXPECT_EQ(tables.error().code, ErrorCode::kUnrecognized);
  EXPECT_THAT(tables.error().what, HasSubstr("PyTables"));
  Result<Layout> features = Malformed("features.h5");
  ASSERT_FALSE(features.ok());
  EXPECT_THAT(features.error().what, HasSubstr("\"my_data\", \"my_labels\""));
}

TEST(KerasHdf5Test, NoFormatClaimsAForeignFileOfAnotherName) {
  MemoryFileSystem files;
  files.Add("a.mat", ReadTextFile(TestData("malformed/hdf5/features.h5")));
  EXPECT_EQ(DetectFormat(Source(files, "a.mat"), {}).format, nullptr);
}

TEST(KerasHdf5Test, DataElsewhereAreAnIssueAndTheRestIsListed) {
  Result<Layout> layout = Malformed("elsewhere.weights.h5");
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_EQ(layout.value().variables.size(), 6u);
  size_t unknown = 0;
  for (const Variable& variable : layout.value().variables) {
    unknown += !variable.shape.known;
  }
  EXPECT_EQ(unknown, 4u);
  EXPECT_EQ(layout.value().issues.size(), 4u);
  for (const Issue& issue : layout.value().issues) {
    EXPECT_EQ(issue.rule, "external-link");
  }
}

TEST(KerasHdf5Test, DataThatWereNeverWrittenAreAnIssue) {
  Result<Layout> layout = Malformed("types.weights.h5");
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  ASSERT_FALSE(layout.value().issues.empty());
  EXPECT_EQ(layout.value().issues.back().rule, "unwritten-data");
  EXPECT_EQ(layout.value().issues.back().where, "vars/8");
}

TEST(KerasHdf5Test, DataBehindTheEndAreTruncated) {
  std::string content =
      ReadTextFile(TestData("formats/keras-weights-h5/sharded/"
                            "model_00001.weights.h5"));
  MemoryFileSystem files;
  for (size_t lost = 1; lost < content.size(); lost += 64) {
    files.Add("a.weights.h5", content.substr(0, content.size() - lost));
    Result<Layout> layout = ReadSource(Source(files, "a.weights.h5"), {});
    if (!layout.ok()) break;
    ASSERT_FALSE(layout.value().issues.empty()) << lost;
    EXPECT_EQ(layout.value().issues[0].rule, "truncated-data");
  }
}

TEST(KerasHdf5Test, AShardThatIsNotThereIsAnIssue) {
  std::string at = "formats/keras-weights-h5/sharded/";
  MemoryFileSystem files;
  for (const char* name : {"model.weights.json", "model_00001.weights.h5"}) {
    files.Add(std::string("d/") + name, ReadTextFile(TestData(at + name)));
  }
  Result<Layout> layout = ReadSource(Source(files, "d/model.weights.json"), {});
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  ASSERT_EQ(layout.value().issues.size(), 1u);
  EXPECT_EQ(layout.value().issues[0].rule, "missing-shard");
  EXPECT_EQ(layout.value().issues[0].where, "model_00000.weights.h5");
}

TEST(KerasHdf5Test, AShardInAnotherDirectoryIsRefused) {
  MemoryFileSystem files;
  files.Add("model.weights.json",
            R"({"metadata": {}, "weight_map": {
                "/layers/dense/vars": "../secret.weights.h5"}})");
  Result<Layout> layout = ReadSource(Source(files, "model.weights.json"), {});
  ASSERT_FALSE(layout.ok());
  EXPECT_THAT(layout.error().what, HasSubstr("another directory"));
}

TEST(KerasHdf5Test, AnIndexClaimsItsShards) {
  Source source(RealFileSystem(), TestData("formats/keras-weights-h5/sharded/"
                                           "model.weights.json"));
  Detection found = DetectFormat(source, {});
  ASSERT_NE(found.format, nullptr);
  EXPECT_EQ(found.format->id, "keras-weights-h5");
  EXPECT_EQ(found.claim.members.size(), 2u);
}

TEST(KerasHdf5Test, WritersAreCalledByTheirPackage) {
  EXPECT_EQ(KerasWriter("3.15.1"), "Keras 3.15.1");
  EXPECT_EQ(KerasWriter("2.15.0"), "Keras 2.15.0");
  EXPECT_EQ(KerasWriter("2.21.0"), "tf-keras 2.21.0");
  EXPECT_EQ(KerasWriter("2.2.4-tf"), "Keras 2.2.4-tf");
  EXPECT_EQ(KerasWriter(""), "");
}

}  // namespace
}  // namespace ckptdiff
