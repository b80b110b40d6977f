#include <gtest/gtest.h>

#include <string>

#include "formats/format.h"
#include "support/bundle_builder.h"

namespace ckptdiff {
namespace {

std::string Said(const std::string& path, const std::string& content) {
  MemoryFileSystem files;
  files.Add(path, content);
  return ToString(UnrecognizedError(Source(files, path)));
}

bool Says(const std::string& content, const std::string& words) {
  std::string said = Said("model.ckpt", content);
  EXPECT_NE(said.find(words), std::string::npos) << said;
  return said.find(words) != std::string::npos;
}

// Detectors look at fixed places: a file may end in front of them.
TEST(UnrecognizedTest, AFileOfOneOrTwoBytesIsNone) {
  for (int first = 0; first < 256; ++first) {
    for (int second = -1; second < 256; ++second) {
      std::string content(1, static_cast<char>(first));
      if (second >= 0) content += static_cast<char>(second);
      MemoryFileSystem files;
      files.Add("model.ckpt", content);
      EXPECT_FALSE(ReadSource(Source(files, "model.ckpt"), {}).ok()) << first;
      if (first < 0x80 && second >= 0) second += 15;  // mostly text
    }
  }
}

TEST(UnrecognizedTest, CallsFilesByTheirTrueName) {
  using namespace std::string_literals;
  EXPECT_TRUE(Says("version https://git-lfs.github.com/spec/v1\n", "git lfs"));
  EXPECT_TRUE(Says("\n\n\n<!DOCTYPE html><html>", "web page"));
  EXPECT_TRUE(Says("\x1f\x8b\x08"s, "gunzip"));
  EXPECT_TRUE(Says("\x89PNG\r\n\x1a\n"s, "PNG"));
  EXPECT_TRUE(
      Says("\x7f"
           "ELF\2\1"s,
           "ELF"));
  EXPECT_TRUE(Says("\x80\x04K\x01."s, "pickle"));
  EXPECT_TRUE(Says("\x1c\0\0\0TFL3"s, "TensorFlow Lite"));
  EXPECT_TRUE(Says("PK\x03\x04 cut", "without its end"));
  EXPECT_TRUE(Says("", "is empty"));
  EXPECT_TRUE(Says("abc", "text that begins \"abc\""));
  EXPECT_TRUE(Says(std::string(600, '\0'), "never written"));
  EXPECT_TRUE(Says(std::string(257, '\1') + "ustar", "tar"));
}

TEST(UnrecognizedTest, KnowsTheWeightsOfOtherTools) {
  EXPECT_TRUE(Says(std::string(64, '\1') + "\xef\xbe\xad\xde", "Core ML"));
  EXPECT_TRUE(Says("\x0c\1\1\1TORT", "ONNX Runtime"));
}

TEST(UnrecognizedTest, AShardOfTensorFlowJsIsReadFromItsModel) {
  MemoryFileSystem files;
  files.Add("web/group1-shard1of2.bin", "\1\2\3\4");
  Source shard(files, "web/group1-shard1of2.bin");
  EXPECT_EQ(UnrecognizedError(shard).hint,
            "put that model.json beside it, and name it");
  files.Add("web/model.json", "{}");
  EXPECT_EQ(UnrecognizedError(shard).hint, "name that model.json");
}

TEST(UnrecognizedTest, ShardsWantTheirIndex) {
  MemoryFileSystem files;
  files.Add("run/model-00001-of-00002.safetensors", "");
  files.Add("run/model-00002-of-00002.safetensors", "");
  Error error = UnrecognizedError(Source(files, "run"));
  EXPECT_EQ(error.hint, "put model.safetensors.index.json beside them");
}

TEST(UnrecognizedTest, SeesABinaryFileThatWentThroughText) {
  std::string mangled = "PK\x03";
  for (int i = 0; i < 100; ++i) mangled += "\xef\xbf\xbd\x01\x02q";
  EXPECT_TRUE(Says(mangled, "binary mode"));
}

TEST(UnrecognizedTest, KnowsAFrozenGraph) {
  std::string node = ProtoBytes(1, ProtoBytes(1, "w") + ProtoBytes(2, "Const"));
  EXPECT_TRUE(Says(node + node + node, "frozen"));
}

TEST(UnrecognizedTest, KnowsThePartsOfATensorFlowCheckpoint) {
  EXPECT_NE(Said("m.data-00000-of-00001", "1234").find("put m.index beside"),
            std::string::npos);
  EXPECT_TRUE(Says("model_checkpoint_path: \"/old/run-7\"\n", "run-7.index"));
}

TEST(UnrecognizedTest, TellsWhatIsNearAMissingPath) {
  MemoryFileSystem files;
  files.Add("run/model.ckpt-9.index", "");
  files.Add("run/model.ckpt-10.index", "");
  files.Add("run/lost.data-00000-of-00001", "");
  EXPECT_NE(ToString(UnrecognizedError(Source(files, "run/model.ckpt")))
                .find("there is model.ckpt-10"),
            std::string::npos);
  EXPECT_NE(ToString(UnrecognizedError(Source(files, "run/lost")))
                .find("lost.index is not"),
            std::string::npos);
}

}  // namespace
}  // namespace ckptdiff
