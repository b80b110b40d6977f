#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "formats/format.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string File(const std::string& header, size_t data_bytes) {
  std::string file;
  for (size_t i = 0; i < 8; ++i) {
    file += static_cast<char>(header.size() >> (8 * i));
  }
  return file + header + std::string(data_bytes, '\1');
}

std::string Entry(const std::string& name, const std::string& shape, int begin,
                  int end, const std::string& dtype = "F32") {
  return fmt::format(
      R"("{}":{{"dtype":"{}","shape":{},"data_offsets":[{},{}]}})", name, dtype,
      shape, begin, end);
}

class SafetensorsTest : public ::testing::Test {
 protected:
  Result<Layout> Read(const std::string& path) {
    return ReadSource(Source(files_, path), {});
  }
  Layout ReadHeader(const std::string& header, size_t data_bytes) {
    files_.Add("m.safetensors", File(header, data_bytes));
    Result<Layout> layout = Read("m.safetensors");
    EXPECT_TRUE(layout.ok()) << ToString(layout.error());
    return layout.ok() ? layout.value() : Layout();
  }
  std::string ErrorOf(const std::string& header, size_t data_bytes = 0) {
    files_.Add("m.safetensors", File(header, data_bytes));
    Result<Layout> layout = Read("m.safetensors");
    return layout.ok() ? "" : ToString(layout.error());
  }
  static std::vector<std::string> Rules(const Layout& layout) {
    std::vector<std::string> rules;
    for (const Issue& issue : layout.issues) rules.push_back(issue.rule);
    return rules;
  }
  static std::vector<std::string> Names(const Layout& layout) {
    std::vector<std::string> names;
    for (const Variable& one : layout.variables) names.push_back(one.name);
    return names;
  }

  MemoryFileSystem files_;
};

TEST_F(SafetensorsTest, ListsNamesShapesTypesAndPlaces) {
  std::string header = "{" + Entry("w", "[2,3]", 0, 24) + "," +
                       Entry("n", "[]", 24, 32, "I64") + "}";
  Layout layout = ReadHeader(header, 32);
  ASSERT_EQ(layout.variables.size(), 2u);
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({2, 3}));
  EXPECT_EQ(layout.variables[1].dtype, "int64");
  EXPECT_EQ(layout.variables[1].data,
            (ByteRange{"", 8 + header.size() + 24, 8}));
  EXPECT_THAT(layout.issues, IsEmpty());
}

TEST_F(SafetensorsTest, ATieInTheMetadataIsAVariableOfItsOwn) {
  Layout layout = ReadHeader(R"({"__metadata__":{"format":"pt",)"
                             R"("head.weight":"embed.weight"},)" +
                                 Entry("embed.weight", "[2]", 0, 8) + "}",
                             8);
  ASSERT_THAT(Names(layout), ElementsAre("embed.weight", "head.weight"));
  EXPECT_EQ(layout.variables[1].tied_to, "embed.weight");
  EXPECT_EQ(layout.source.framework, "pytorch");
}

TEST_F(SafetensorsTest, ANameThatStandsTwiceIsListedOnceWithAnIssue) {
  Layout layout = ReadHeader(
      "{" + Entry("w", "[1]", 0, 4) + "," + Entry("w", "[2]", 4, 12) + "}", 12);
  ASSERT_EQ(layout.variables.size(), 1u);
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({2}));
  EXPECT_EQ(layout.issues[0].rule, "duplicate-variable");
}

TEST_F(SafetensorsTest, DamageThatLeavesTheListReadableIsAnIssue) {
  EXPECT_THAT(Rules(ReadHeader("{" + Entry("a", "[2]", 0, 8) + "," +
                                   Entry("b", "[2]", 4, 12) + "}",
                               12)),
              ElementsAre("overlapping-tensors"));
  EXPECT_THAT(Rules(ReadHeader("{" + Entry("a", "[2]", 4, 12) + "}", 12)),
              ElementsAre("unwritten-data"));
  EXPECT_THAT(Rules(ReadHeader("{" + Entry("a", "[2]", 0, 8) + "}", 9)),
              ElementsAre("unwritten-data"));
  EXPECT_THAT(Rules(ReadHeader("{" + Entry("a", "[3]", 0, 8) + "}", 8)),
              ElementsAre("truncated-data"));
  Layout cut = ReadHeader("{" + Entry("a", "[2]", 0, 8) + "}", 5);
  EXPECT_THAT(Rules(cut), ElementsAre("truncated-data"));
  EXPECT_THAT(cut.issues[0].message, HasSubstr("3 bytes are gone"));
}

TEST_F(SafetensorsTest, WhatCannotBeReadSaysWhereAndWhy) {
  EXPECT_THAT(ErrorOf("{" + Entry("a", "[-1]", 0, 4) + "}"),
              HasSubstr("header: has no whole number"));
  EXPECT_THAT(ErrorOf("{" + Entry("a", "[4294967296,4294967296]", 0, 4) + "}"),
              HasSubstr("tensor \"a\" has more elements than 2^64"));
  EXPECT_THAT(ErrorOf(R"({"a":{"dtype":"F32","shape":[1]}})"),
              HasSubstr("tensor \"a\" has no data_offsets"));
  files_.Add("short.safetensors", File("{}", 0).substr(0, 9) + "{");
  files_.Add("short.safetensors", File(std::string(100, '{'), 0).substr(0, 40));
  Result<Layout> cut = Read("short.safetensors");
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(ToString(cut.error()),
            "short.safetensors: header: should have 100 bytes, the file has "
            "32");
}

class ShardsTest : public SafetensorsTest {
 protected:
  void AddShard(int number, const std::string& header, size_t bytes) {
    files_.Add(fmt::format("run/model-0000{}-of-00002.safetensors", number),
               File(header, bytes));
  }
  void AddIndex(const std::string& map) {
    files_.Add("run/model.safetensors.index.json",
               R"({"metadata":{},"weight_map":{)" + map + "}}");
  }
  static std::string Map(const std::string& name, int number) {
    return fmt::format(R"("{}":"model-0000{}-of-00002.safetensors")", name,
                       number);
  }
};

TEST_F(ShardsTest, ADirectoryStandsForItsIndex) {
  AddShard(1, "{" + Entry("a", "[1]", 0, 4) + "}", 4);
  AddShard(2, "{" + Entry("b", "[1]", 0, 4) + "}", 4);
  AddIndex(Map("a", 1) + "," + Map("b", 2));
  Result<Layout> layout = Read("run");
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_THAT(Names(layout.value()), ElementsAre("a", "b"));
  EXPECT_EQ(layout.value().variables[1].data->file,
            "model-00002-of-00002.safetensors");
  EXPECT_EQ(layout.value().source.resolved, "run/model.safetensors.index.json");
  EXPECT_THAT(layout.value().issues, IsEmpty());
}

TEST_F(ShardsTest, AMissingShardIsNamedWithWhatItHolds) {
  AddShard(1, "{" + Entry("a", "[1]", 0, 4) + "}", 4);
  AddIndex(Map("a", 1) + "," + Map("b", 2));
  Layout layout = Read("run").value();
  ASSERT_THAT(Rules(layout), ElementsAre("missing-shard"));
  EXPECT_EQ(layout.issues[0].where, "model-00002-of-00002.safetensors");
  EXPECT_THAT(layout.issues[0].message, HasSubstr("1 tensor"));
}

TEST_F(ShardsTest, AStaleIndexSaysWhatTheShardsHold) {
  AddShard(1, "{" + Entry("a", "[1]", 0, 4) + "}", 4);
  AddShard(2, "{" + Entry("b", "[1]", 0, 4) + "}", 4);
  AddIndex(Map("a", 2) + "," + Map("b", 2) + "," + Map("gone", 1));
  Layout layout = Read("run").value();
  EXPECT_THAT(Names(layout), ElementsAre("a", "b"));
  EXPECT_THAT(Rules(layout),
              ElementsAre("stale-state-file", "stale-state-file"));
  EXPECT_THAT(layout.issues[0].message, HasSubstr("no shard holds: gone"));
  EXPECT_THAT(layout.issues[1].message,
              HasSubstr("model-00001-of-00002.safetensors holds it: a"));
}

TEST_F(ShardsTest, AnIndexLeadsNowhereElse) {
  AddIndex(R"("a":"../secret.safetensors","b":"/etc/x.safetensors",)"
           R"("c":"model.safetensors.index.json")");
  files_.Add("secret.safetensors", File("{}", 0));
  Layout layout = Read("run/model.safetensors.index.json").value();
  EXPECT_THAT(layout.variables, IsEmpty());
  EXPECT_THAT(Rules(layout), ElementsAre("external-link", "external-link",
                                         "unreadable-checkpoint"));
}

TEST_F(ShardsTest, ATrainersRunStandsForItsLastCheckpoint) {
  std::string file = File("{" + Entry("a", "[1]", 0, 4) + "}", 4);
  files_.Add("run/checkpoint-900/model.safetensors", file);
  files_.Add("run/checkpoint-1000/model.safetensors", file);
  files_.Add("run/checkpoint-1000/trainer_state.json",
             R"({"global_step": 1000})");
  Layout layout = Read("run").value();
  EXPECT_EQ(layout.source.resolved, "run/checkpoint-1000/model.safetensors");
  EXPECT_EQ(layout.source.step, 1000);
}

}  // namespace
}  // namespace ckptdiff
