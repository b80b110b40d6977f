// Damage and hostile input in the array formats, built from bytes.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "formats/format.h"
#include "support/fixture.h"
#include "support/little.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Result<Layout> ReadBytes(const std::string& name, const std::string& bytes) {
  MemoryFileSystem files;
  files.Add(name, bytes);
  return ReadSource(Source(files, name), {});
}

std::string ErrorOf(const std::string& name, const std::string& bytes) {
  Result<Layout> layout = ReadBytes(name, bytes);
  return layout.ok() ? "" : ToString(layout.error());
}

std::vector<std::string> Rules(const Layout& layout) {
  std::vector<std::string> rules;
  for (const Issue& issue : layout.issues) rules.push_back(issue.rule);
  return rules;
}

// --- GGUF

std::string GgufText(const std::string& text) {
  return Little(text.size(), 8) + text;
}

std::string GgufTensor(const std::string& name, uint64_t dim, uint64_t offset) {
  return GgufText(name) + Little(1, 4) + Little(dim, 8) + Little(0, 4) +
         Little(offset, 8);
}

std::string Gguf(uint64_t tensors, uint64_t pairs, const std::string& rest) {
  return "GGUF" + Little(3, 4) + Little(tensors, 8) + Little(pairs, 8) + rest;
}

std::string Padded(std::string bytes, size_t data) {
  bytes.resize((bytes.size() + 31) / 32 * 32);
  return bytes + std::string(data, '\0');
}

TEST(GgufTest, CountsThatCannotFitAreRefusedBeforeAnythingIsAllocated) {
  EXPECT_THAT(ErrorOf("m.gguf", Gguf(uint64_t{1} << 63, 0, "")),
              HasSubstr("9223372036854775808 tensors do not fit"));
  EXPECT_THAT(ErrorOf("m.gguf", Gguf(0, 1'000'000'000, std::string(999, 'x'))),
              HasSubstr("1000000000 pairs do not fit"));
}

TEST(GgufTest, TensorsThatOverlapOrAreCutAreListedWithAnIssue) {
  std::string infos = GgufTensor("a", 16, 0) + GgufTensor("b", 8, 32);
  Layout layout = ReadBytes("m.gguf", Padded(Gguf(2, 0, infos), 64)).value();
  EXPECT_EQ(layout.variables.size(), 2u);
  EXPECT_THAT(Rules(layout), ElementsAre("overlapping-tensors"));
  layout = ReadBytes("m.gguf", Padded(Gguf(1, 0, GgufTensor("a", 16, 0)), 60))
               .value();
  EXPECT_THAT(Rules(layout), ElementsAre("truncated-data"));
}

TEST(GgufTest, AnySplitStandsForTheWholeModel) {
  MemoryFileSystem files;
  std::string split = GgufText("split.count") + Little(2, 4) + Little(2, 2);
  files.Add("m-00001-of-00002.gguf",
            Padded(Gguf(1, 1, split + GgufTensor("a", 8, 0)), 32));
  Source second(files, "m-00002-of-00002.gguf");
  files.Add("m-00002-of-00002.gguf",
            Padded(Gguf(1, 1, split + GgufTensor("b", 8, 0)), 32));
  Layout layout = ReadSource(Source(files, second.path()), {}).value();
  ASSERT_EQ(layout.variables.size(), 2u);
  EXPECT_EQ(layout.variables[1].data->file, "m-00002-of-00002.gguf");
}

TEST(GgufTest, ArraysNestOnlySoDeep) {
  std::string nested = GgufText("k") + Little(9, 4);
  for (int i = 0; i < 1000; ++i) nested += Little(9, 4) + Little(1, 8);
  EXPECT_THAT(ErrorOf("m.gguf", Gguf(0, 1, nested)),
              HasSubstr("nests arrays too deep"));
}

// --- NPY and NPZ

std::string Npy(const std::string& header, size_t data) {
  return "\x93NUMPY" + std::string("\1\0", 2) + Little(header.size(), 2) +
         header + std::string(data, '\0');
}

TEST(NpyTest, ReadsTheHeaderAsALiteralAndNothingElse) {
  Layout layout = ReadBytes("w.npy", Npy("{'shape': (2L, 3L,), 'descr': '<f4', "
                                         "'fortran_order': True}\n",
                                         24))
                      .value();
  EXPECT_EQ(layout.variables[0].name, "w");
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({2, 3}));
  EXPECT_FALSE(layout.variables[0].data);  // the bytes lie in another order
  EXPECT_THAT(layout.issues, IsEmpty());
}

TEST(NpyTest, APickleIsNamedAndNotRead) {
  Layout layout = ReadBytes("w.npy", Npy("{'descr': '|O', 'fortran_order': "
                                         "False, 'shape': ()}",
                                         9))
                      .value();
  EXPECT_EQ(layout.variables[0].dtype, "object");
  EXPECT_THAT(Rules(layout), ElementsAre("unsafe-pickle"));
}

TEST(NpyTest, ArraysOneBehindTheOtherAreNumbered) {
  const std::string one =
      Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 8);
  Layout layout = ReadBytes("model.eqx", one + one + one).value();
  ASSERT_EQ(layout.variables.size(), 3u);
  EXPECT_EQ(layout.variables[2].name, "2");
  EXPECT_EQ(layout.variables[2].data->offset, 3 * one.size() - 8);
  EXPECT_TRUE(layout.issues.empty());
  layout = ReadBytes("model.npy", one + "tail").value();
  EXPECT_EQ(layout.variables[0].name, "model");
  EXPECT_EQ(layout.issues[0].rule, "unwritten-data");
}

TEST(NpyTest, SaysWhatIsWrong) {
  std::string good = "'descr': '<f4', 'fortran_order': False, ";
  EXPECT_THAT(ErrorOf("w.npy", Npy("{" + good + "'shape': exit()}", 0)),
              HasSubstr("npy header: has no dimension at byte"));
  EXPECT_THAT(ErrorOf("w.npy", Npy("{" + good +
                                       "'shape': (99999999999, "
                                       "99999999999)}",
                                   0)),
              HasSubstr("more elements than 2^64"));
  EXPECT_THAT(ErrorOf("w.npy", Npy("{" + good + "}", 0)), HasSubstr("lacks"));
  std::string deep = "{'descr': ";
  for (int i = 0; i < 5000; ++i) deep += "[('a', ";
  EXPECT_THAT(ErrorOf("w.npy", Npy(deep, 0)), HasSubstr("too deep"));
}

// --- Flax

std::string FlaxArray(const std::string& values, char dim) {
  std::string inner = std::string("\x93\x91") + dim +
                      "\xa7"
                      "float32" +
                      "\xc4" + static_cast<char>(values.size()) + values;
  return std::string("\xc7") + static_cast<char>(inner.size()) + "\1" + inner;
}

TEST(FlaxMsgpackTest, AValueThatStandsTwiceIsTheLastOne) {
  std::string file = "\x82\xa1w" + FlaxArray(std::string(4, '\0'), 1) +
                     "\xa1w" + FlaxArray(std::string(8, '\0'), 2);
  Layout layout = ReadBytes("m.msgpack", file).value();
  ASSERT_EQ(layout.variables.size(), 1u);
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({2}));
  EXPECT_THAT(Rules(layout), ElementsAre("duplicate-variable"));
}

TEST(FlaxMsgpackTest, LengthsBeyondTheFileAreRefused) {
  std::string file = "\x81\xa1w" + FlaxArray(std::string(8, '\0'), 2);
  EXPECT_THAT(ErrorOf("m.msgpack", file.substr(0, file.size() - 1)),
              HasSubstr("an item claims"));
  EXPECT_THAT(ErrorOf("m.msgpack", "\x81\xa1w\xdf\xff\xff\xff\xff"),
              HasSubstr("an item claims 4294967295 entries"));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "\x81\xa1w";
  EXPECT_THAT(ErrorOf("m.msgpack", deep), HasSubstr("deeper than 200 levels"));
}

TEST(FlaxMsgpackTest, TheArraysOfT5xStandBesideTheFile) {
  std::string spec = std::string(
                         "\x82\xa6"
                         "driver\xa4zarr\xa7kvstore\x81") +
                     "\xa4path\xa8target.w";
  MemoryFileSystem files;
  files.Add("run/checkpoint", "\x81\xa6target\x82\xa1w" + spec + "\xa1v\x82" +
                                  spec.substr(1, 12) +
                                  "\xa7kvstore\x81\xa4path\xa5../up");
  files.Add("run/target.w/.zarray", R"({"zarr_format": 2, "shape": [4, 2],)"
                                    R"("dtype": "bfloat16"})");
  Layout layout = ReadSource(Source(files, "run"), {}).value();
  ASSERT_EQ(layout.variables.size(), 2u);
  EXPECT_EQ(layout.variables[0].name, "target/w");
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({4, 2}));
  EXPECT_EQ(layout.variables[0].bytes, 16u);
  EXPECT_THAT(Rules(layout), ElementsAre("external-link"));
}

// --- ONNX

std::string Field(int number, const std::string& payload) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  field += static_cast<char>((payload.size() & 0x7f) | 0x80);
  field += static_cast<char>(payload.size() >> 7);
  return field + payload;
}

std::string Onnx(const std::string& graph) {
  return "\x08\x08" + Field(2, "test") + Field(7, graph);
}

std::string Tensor(const std::string& name, const std::string& rest) {
  return Field(5, std::string("\x08\x02\x10\x01", 4) + Field(8, name) + rest);
}

std::string Entry(const std::string& key, const std::string& value) {
  return Field(13, Field(1, key) + Field(2, value));
}

TEST(OnnxTest, DataThatAreNotAsLongAsTheShapeAreAnIssue) {
  std::string graph = Tensor("w", Field(9, std::string(7, 'x'))) +
                      Tensor("b", Field(9, std::string(8, 'x'))) +
                      Tensor("b", Field(9, std::string(8, 'x')));
  Layout layout = ReadBytes("m.onnx", Onnx(graph)).value();
  EXPECT_EQ(layout.variables.size(), 2u);
  EXPECT_EQ(layout.source.writer, "test");
  EXPECT_THAT(Rules(layout),
              ElementsAre("truncated-data", "duplicate-variable"));
}

TEST(OnnxTest, ExternalDataStayInTheDirectoryAndHaveASum) {
  std::string external = std::string("\x70\x01", 2);
  MemoryFileSystem files;
  files.Add("m.onnx",
            Onnx(Tensor("a", Entry("location", "w.data") + external +
                                 Entry("checksum", std::string(40, '0'))) +
                 Tensor("b", Entry("location", "../w.data") + external) +
                 Tensor("c", Entry("location", "gone") + external)));
  files.Add("w.data", "abcdefgh");
  ReadOptions options;
  options.verify = true;
  Layout layout = ReadSource(Source(files, "m.onnx"), options).value();
  EXPECT_EQ(layout.variables[0].data, (ByteRange{"w.data", 0, 8}));
  ASSERT_THAT(Rules(layout), ElementsAre("checksum-mismatch", "external-link",
                                         "missing-shard"));
  EXPECT_THAT(layout.issues[0].message,
              StartsWith("its SHA-1 is "
                         "425af12a0743502b322e93a015bcf868e324d56a"));
}

TEST(OnnxTest, ConstantsAreBookkeepingAndTrainingStateIsTheOptimizers) {
  std::string data = Field(9, std::string(8, 'x'));
  std::string value = Field(1, "value") + Tensor("any", data);
  std::string node = Field(2, "axes") + Field(4, "Constant") + Field(5, value);
  std::string algorithm = Field(2, Tensor("w.momentum", data));
  // The tag of field 20 takes two bytes.
  std::string training = "\xa2\x01" + Field(20, algorithm).substr(1);
  std::string model = Onnx(Field(1, node) + Tensor("w", data)) + training;
  Layout layout = ReadBytes("m.onnx", model).value();
  std::vector<std::string> listed;
  for (const Variable& variable : layout.variables) {
    listed.push_back(variable.name + " " +
                     std::string(ToString(variable.role)));
  }
  EXPECT_THAT(listed, ElementsAre("axes bookkeeping", "w weight",
                                  "w.momentum optimizer"));
}

TEST(OnnxTest, AModelThatEndsInItsGraphIsRefused) {
  std::string model = Onnx(Tensor("w", Field(9, std::string(8, 'x'))));
  EXPECT_NE(ErrorOf("m.onnx", model.substr(0, model.size() - 3)), "");
}

// --- TensorFlow.js

TEST(TfjsTest, SizesOfAGroupMustAgreeWithItsFiles) {
  MemoryFileSystem files;
  files.Add("m/model.json",
            R"({"format": "graph-model", "weightsManifest": [{)"
            R"("paths": ["a.bin", "b.bin"], "weights": [)"
            R"({"name": "w", "shape": [2], "dtype": "float32"},)"
            R"({"name": "q", "shape": [3], "dtype": "float32",)"
            R"( "quantization": {"dtype": "uint8"}}]}]})");
  files.Add("m/a.bin", std::string(8, 'x'));
  files.Add("m/b.bin", std::string(3, 'x'));
  Layout layout = ReadSource(Source(files, "m"), {}).value();
  EXPECT_EQ(layout.variables[0].data, (ByteRange{"a.bin", 0, 8}));
  EXPECT_EQ(layout.variables[1].bytes, 3u);
  EXPECT_THAT(layout.issues, IsEmpty());
  files.Add("m/b.bin", "x");
  layout = ReadSource(Source(files, "m/model.json"), {}).value();
  EXPECT_THAT(Rules(layout), ElementsAre("truncated-data"));
}

// --- Orbax

class OrbaxTest : public ::testing::Test {
 protected:
  // The store of a fixture, in memory, to be damaged.
  OrbaxTest() {
    Source item(RealFileSystem(),
                TestData("formats/orbax/ocdbt/run/5/default"));
    Copy(item, "run/5/default");
  }
  void Copy(const Source& from, const std::string& to) {
    for (const std::string& name : from.Entries()) {
      Source child = from.Child(name);
      std::string path = to + "/" + name;
      if (child.is_directory()) {
        Copy(child, path);
      } else {
        content_[path] = child.ReadAll(1 << 20);
      }
    }
  }
  Result<Layout> Read(const std::string& path = "run") {
    MemoryFileSystem files;
    for (const auto& [name, bytes] : content_) files.Add(name, bytes);
    return ReadSource(Source(files, path), {});
  }
  void Remove(const std::string& prefix) {
    std::erase_if(content_, [&](const auto& entry) {
      return entry.first.starts_with(prefix);
    });
  }

  std::map<std::string, std::string> content_;
};

TEST_F(OrbaxTest, ARunStandsForItsNewestFinishedStep) {
  for (const auto& [path, bytes] : std::map(content_)) {
    content_["run/10.orbax-checkpoint-tmp-1" + path.substr(5)] = bytes;
    content_["run/4" + path.substr(5)] = bytes;
  }
  Layout layout = Read().value();
  EXPECT_EQ(layout.source.resolved, "run/5");
  EXPECT_EQ(layout.source.step, 5);
  EXPECT_EQ(Read("run/5/default").value().variables.size(),
            layout.variables.size());
}

TEST_F(OrbaxTest, WithoutTheTreeNamesComeFromTheStorage) {
  size_t count = Read().value().variables.size();
  Remove("run/5/default/_METADATA");
  Layout layout = Read().value();
  EXPECT_EQ(layout.variables.size(), count);
  EXPECT_THAT(Rules(layout), ElementsAre("missing-shard"));
}

TEST_F(OrbaxTest, WithoutItsDataTheTreeIsStillTold) {
  size_t count = Read().value().variables.size();
  Remove("run/5/default/d/");
  Remove("run/5/default/ocdbt.process_0/d/");
  Layout layout = Read().value();
  EXPECT_EQ(layout.variables.size(), count);
  EXPECT_EQ(layout.issues[0].rule, "missing-shard");
  EXPECT_FALSE(layout.variables[0].shape.known);
}

TEST_F(OrbaxTest, AFlippedBitInTheStoreIsSeen) {
  for (auto& [path, bytes] : content_) {
    if (path.starts_with("run/5/default/d/")) bytes[bytes.size() / 2] ^= 1;
  }
  Layout layout = Read().value();
  EXPECT_EQ(layout.issues[0].rule, "checksum-mismatch");
  content_["run/5/default/manifest.ocdbt"][20] ^= 1;
  EXPECT_THAT(ToString(Read().error()),
              HasSubstr("manifest.ocdbt: does not agree with its checksum"));
}

TEST_F(OrbaxTest, AStepWithoutItemsSaysSo) {
  Remove("run/5/default");
  content_["run/5/_CHECKPOINT_METADATA"] = "{}";
  EXPECT_EQ(ToString(Read("run/5").error()),
            "run/5: an Orbax step without an item that holds arrays");
}

}  // namespace
}  // namespace ckptdiff
