#include "content/contents.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "container/crc32c.h"

namespace ckptdiff {
namespace {

std::string BytesOf(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()),
          values.size() * sizeof(float)};
}

// A file that holds its tensors one behind the other, and nothing else.
class FlatFile {
 public:
  explicit FlatFile(std::string path) {
    layout_.source.path = std::move(path);
    layout_.source.format = "safetensors";
  }

  void Add(const std::string& name, std::vector<int64_t> dims,
           const std::vector<float>& values) {
    Variable variable;
    variable.name = name;
    variable.shape = Shape::Of(std::move(dims));
    variable.dtype = "float32";
    variable.bytes = values.size() * sizeof(float);
    variable.data = ByteRange{{}, bytes_.size(), *variable.bytes};
    bytes_ += BytesOf(values);
    layout_.variables.push_back(variable);
  }

  void SaveTo(MemoryFileSystem* files) const {
    files->Add(layout_.source.path, bytes_);
  }

  Layout& layout() { return layout_; }

 private:
  Layout layout_;
  std::string bytes_;
};

class ContentsTest : public testing::Test {
 protected:
  Contents Read() {
    actual_.SaveTo(&files_);
    expected_.SaveTo(&files_);
    return ContentsFromData(actual_.layout(), expected_.layout(), files_);
  }

  MemoryFileSystem files_;
  FlatFile actual_{"a.bin"}, expected_{"e.bin"};
};

TEST_F(ContentsTest, ReadsWhereTheRangesPoint) {
  actual_.Add("other", {2}, {7, 8});
  actual_.Add("w", {2, 2}, {1, 2, 3, 4});
  expected_.Add("kernel", {2, 2}, {1, 3, 2, 4});
  Contents contents = Read();
  EXPECT_NE(contents.actual[1].values, 0u);
  EXPECT_EQ(contents.actual[1].values, contents.expected[0].values);
  EXPECT_NE(contents.actual[1].order, contents.expected[0].order);
}

TEST_F(ContentsTest, ReadsNothingThatMeetsNoPartner) {
  actual_.Add("w", {3}, {1, 2, 3});
  expected_.Add("w", {2}, {1, 2});
  Contents contents = Read();
  EXPECT_EQ(contents.actual[0].values, 0u);
  EXPECT_EQ(contents.expected[0].values, 0u);
}

TEST_F(ContentsTest, LeavesUnknownWhatTheFileDoesNotHold) {
  actual_.Add("w", {2}, {1, 2});
  expected_.Add("w", {2}, {1, 2});
  expected_.layout().variables[0].data->offset = 400;
  Contents contents = Read();
  EXPECT_NE(contents.actual[0].values, 0u);
  EXPECT_EQ(contents.expected[0].values, 0u);
}

TEST_F(ContentsTest, FindsPartsBesideTheFile) {
  actual_.Add("w", {2}, {1, 2});
  expected_.Add("w", {2}, {1, 2});
  files_.Add("dir/part-0", BytesOf({1, 2}));
  expected_.layout().source.path = "dir/model.index";
  expected_.layout().variables[0].data->file = "part-0";
  Contents contents = Read();
  EXPECT_EQ(contents.actual[0].values, contents.expected[0].values);
}

// The ranges in a document are those of the file that it describes.
TEST_F(ContentsTest, ADocumentHoldsNoData) {
  actual_.Add("w", {2}, {1, 2});
  expected_.Add("w", {2}, {1, 2});
  expected_.layout().source.format = "layout";
  EXPECT_TRUE(Read().empty());
  EXPECT_TRUE(HasReachableData(actual_.layout()));
  EXPECT_FALSE(HasReachableData(expected_.layout()));
}

Layout WithChecksum(const std::vector<float>& values) {
  Layout layout;
  Variable variable;
  variable.name = "w";
  variable.shape = Shape::Of({static_cast<int64_t>(values.size())});
  variable.dtype = "float32";
  variable.bytes = values.size() * sizeof(float);
  variable.checksum = Checksum{Checksum::Kind::kMaskedCrc32c,
                               MaskCrc32c(Crc32c(AsBytes(BytesOf(values))))};
  layout.variables = {variable};
  return layout;
}

TEST(ChecksumContentsTest, EqualChecksumsAreEqualContents) {
  Layout layout = WithChecksum({1, 2, 3});
  Contents contents = ContentsFromChecksums(layout, layout);
  EXPECT_NE(contents.actual[0].values, 0u);
  EXPECT_EQ(contents.actual[0].values, contents.expected[0].values);
  EXPECT_NE(
      ContentsFromChecksums(layout, WithChecksum({1, 2, 4})).expected[0].values,
      contents.expected[0].values);
}

TEST(ChecksumContentsTest, ThoseOfZerosAndOnesSayNothing) {
  for (float value : {0.0F, 1.0F}) {
    Layout layout = WithChecksum({value, value, value});
    EXPECT_EQ(ContentsFromChecksums(layout, layout).actual[0].values, 0u);
  }
}

TEST(ChecksumContentsTest, OneSideAloneSaysNothing) {
  Layout without = WithChecksum({1, 2});
  without.variables[0].checksum.reset();
  EXPECT_TRUE(ContentsFromChecksums(WithChecksum({1, 2}), without).empty());
}

}  // namespace
}  // namespace ckptdiff
