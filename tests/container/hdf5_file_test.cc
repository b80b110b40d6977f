#include "container/hdf5_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <new>
#include <random>

#include "base/parse_error.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using testing::HasSubstr;

std::string Nested() {
  return ReadTextFile(TestData("formats/keras-h5/nested-adam/model.h5"));
}

Hdf5Tree Tree(std::string content) {
  return ReadHdf5(*FileFromBytes(std::move(content)));
}

Hdf5Tree Malformed(const std::string& name) {
  return Tree(ReadTextFile(TestData("malformed/hdf5/" + name)));
}

std::string ErrorOf(std::string content) {
  try {
    Tree(std::move(content));
    return "";
  } catch (const ParseError& error) {
    return ToString(error.error());
  }
}

TEST(Hdf5FileTest, ListsGroupsDataSetsAndAttributes) {
  Hdf5Tree tree = Tree(Nested());
  EXPECT_EQ(tree.root.Text("backend"), "tensorflow");
  const Hdf5Node* weights = tree.root.Child("model_weights");
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->Names("layer_names"),
            (std::vector<std::string>{"input_1", "encoder", "out"}));
  const Hdf5Node* kernel = weights->At("out/out/kernel:0");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->shape, Shape::Of({4, 2}));
  EXPECT_EQ(kernel->dtype, "float32");
  EXPECT_EQ(kernel->stored, 32u);
  EXPECT_TRUE(kernel->offset.has_value());
  EXPECT_EQ(tree.expected_size, std::nullopt);
}

TEST(Hdf5FileTest, ReadsTheValuesOfScalars) {
  Hdf5Tree tree = Malformed("types.weights.h5");
  EXPECT_EQ(tree.root.At("vars/5")->scalar, 1441836);
  EXPECT_EQ(tree.root.At("vars/3")->scalar, std::nullopt);
}

TEST(Hdf5FileTest, KnowsTheTypesThatKerasWrites) {
  Hdf5Tree tree = Malformed("types.weights.h5");
  std::vector<std::string> types;
  for (int i = 0; i < 8; ++i) {
    types.push_back(tree.root.At("vars/" + std::to_string(i))->dtype);
  }
  EXPECT_EQ(types, (std::vector<std::string>{"bfloat16", "bool", "complex64",
                                             "float64", "uint8", "int64",
                                             "float32", "string"}));
}

TEST(Hdf5FileTest, ChunkedAndUnwrittenDataHaveNoPlace) {
  Hdf5Tree tree = Malformed("types.weights.h5");
  EXPECT_EQ(tree.root.At("vars/6")->offset, std::nullopt);
  EXPECT_GT(tree.root.At("vars/6")->stored, 0u);
  EXPECT_EQ(tree.root.At("vars/8")->stored, 0u);
}

TEST(Hdf5FileTest, FollowsNoLink) {
  Hdf5Tree tree = Malformed("elsewhere.weights.h5");
  const Hdf5Node* vars = tree.root.At("layers/dense/vars");
  ASSERT_NE(vars, nullptr);
  EXPECT_EQ(vars->Child("0")->kind, Hdf5Node::Kind::kExternalLink);
  EXPECT_EQ(vars->Child("0")->target, "/etc/hostname.h5:/kernel");
  EXPECT_EQ(vars->Child("1")->kind, Hdf5Node::Kind::kSoftLink);
  EXPECT_TRUE(vars->Child("2")->outside);
  EXPECT_TRUE(vars->Child("3")->outside);
}

TEST(Hdf5FileTest, AGroupInsideOfItselfEnds) {
  Hdf5Tree tree = Malformed("cycle.weights.h5");
  EXPECT_EQ(tree.root.At("layers/dense/vars/back")->kind,
            Hdf5Node::Kind::kOther);
}

TEST(Hdf5FileTest, ATruncatedFileIsListedIfItsStructureIsThere) {
  std::string content = Nested();
  size_t end = content.size();
  while (end > 0) {  // the last byte whose loss leaves the list whole
    std::string error = ErrorOf(content.substr(0, end - 1));
    if (!error.empty()) break;
    EXPECT_EQ(Tree(content.substr(0, end - 1)).expected_size, content.size());
    end -= 256;
  }
  EXPECT_THAT(ErrorOf(content.substr(0, 4096)),
              HasSubstr("the file is truncated: it has 4096 of"));
}

TEST(Hdf5FileTest, WhatIsNoHdf5IsRefused) {
  EXPECT_THAT(ErrorOf("PK\x03\x04"), HasSubstr("is no HDF5 file"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("is no HDF5 file"));
  EXPECT_THAT(ErrorOf("\x89HDF\r\n\x1a\n"), HasSubstr("superblock"));
}

TEST(Hdf5FileTest, AUserBlockInFrontIsSkipped) {
  MemoryFileSystem files;
  files.Add("a.h5", std::string(512, 'x') + Nested());
  EXPECT_EQ(FindHdf5(Source(files, "a.h5")), 512u);
  files.Add("b.h5", std::string(512, 'x'));
  EXPECT_EQ(FindHdf5(Source(files, "b.h5")), std::nullopt);
}

TEST(Hdf5FileTest, FlippedBytesEndWell) {
  std::mt19937 random(20261123);
  std::string whole = Nested();
  for (int i = 0; i < 60; ++i) {  // by hand: 2,000
    std::string damaged = whole;
    damaged[random() % (whole.size() / 2)] = static_cast<char>(random());
    std::string error = ErrorOf(damaged);
    EXPECT_EQ(error.find('\n'), std::string::npos);
  }
}

// A file of 4 GiB, nearly all of it a hole, that counts what is read of it: in
// shared memory, for it is a child that reads.
class SparseFile : public File {
 public:
  SparseFile(std::string head, uint64_t size)
      : head_(std::move(head)), size_(size) {
    void* shared = mmap(nullptr, sizeof(*read_), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    read_ = new (shared) std::atomic<uint64_t>(0);
  }
  ~SparseFile() override { munmap(read_, sizeof(*read_)); }
  SparseFile(const SparseFile&) = delete;
  SparseFile& operator=(const SparseFile&) = delete;

  uint64_t size() const override { return size_; }
  void ReadAt(uint64_t offset, std::span<std::byte> out) const override {
    *read_ += out.size();
    for (size_t i = 0; i < out.size(); ++i) {
      uint64_t at = offset + i;
      out[i] =
          at < head_.size() ? static_cast<std::byte>(head_[at]) : std::byte{0};
    }
  }
  uint64_t bytes_read() const { return *read_; }

 private:
  std::string head_;
  uint64_t size_;
  std::atomic<uint64_t>* read_;
};

TEST(Hdf5FileTest, ALargeFileIsReadInPlaces) {
  SparseFile file(Nested(), uint64_t{4} << 30);
  EXPECT_NE(ReadHdf5(file).root.Child("model_weights"), nullptr);
  EXPECT_LT(file.bytes_read(), uint64_t{1} << 20);
}

}  // namespace
}  // namespace ckptdiff
