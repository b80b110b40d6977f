// inspect, black-box.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ckptdiff/read.h"
#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(InspectTest, OneSourceIsAnObjectAndSeveralAreAnArray) {
  TempDir dir;
  std::string spec = dir.Write(
      "a.json", R"({"schema": "ckptdiff/layout/v1", "variables": ["a"]})");
  EXPECT_TRUE(ExpectDocument(Cli({"inspect", spec, "--format", "json"}).out)
                  .is_object());
  CliResult several =
      Cli({"inspect", spec, dir.File("nope"), "--format", "json"});
  EXPECT_EQ(several.status, 2);
  auto array = nlohmann::json::parse(several.out);
  ASSERT_TRUE(array.is_array());  // though one of them could not be read
  ASSERT_EQ(array.size(), 1u);
  EXPECT_EQ(SchemaErrors(array[0]), "");
  EXPECT_EQ(
      ExpectDocuments(Cli({"inspect", spec, spec, "--format", "jsonl"}).out)
          .size(),
      2u);
}

// Everything that inspect writes is a spec that says the same.
TEST(InspectTest, ADocumentReadAgainIsTheSameLayout) {
  TempDir dir;
  for (const char* path :
       {"formats/tf-bundle/gan-with-slots", "formats/tf-bundle/averages",
        "formats/tf-bundle-object/nested-equal-names",
        "formats/tf-bundle-object/legacy-adam", "formats/saved-model/module",
        "formats/meta-graph/gan-with-slots"}) {
    Result<Layout> read = ReadLayout(TestData(path));
    ASSERT_TRUE(read.ok()) << ToString(read.error());
    Layout before = read.value();
    std::string document = dir.File("spec.json");
    ASSERT_EQ(
        Cli({"inspect", TestData(path), "--format", "json", "-o", document})
            .status,
        0);
    ExpectDocument(ReadTextFile(document));
    Result<Layout> again = ReadLayout(document);
    ASSERT_TRUE(again.ok()) << ToString(again.error());
    Layout after = again.value();
    after.source.path = before.source.path;
    after.source.format = before.source.format;
    after.source.resolved = before.source.resolved;
    EXPECT_EQ(after.source, before.source) << path;
    EXPECT_EQ(after.variables, before.variables) << path;
    EXPECT_EQ(after.layers, before.layers) << path;
    EXPECT_EQ(after.optimizers, before.optimizers) << path;
    EXPECT_EQ(after.issues, before.issues) << path;
  }
}

class ShapedTest : public ::testing::Test {
 protected:
  nlohmann::json Inspect(std::vector<std::string> options) const {
    std::vector<std::string> args = {"inspect", spec_, "--format", "json"};
    args.insert(args.end(), options.begin(), options.end());
    return ExpectDocument(Cli(args).out);
  }

  TempDir dir_;
  const std::string spec_ = dir_.Write(
      "spec.json",
      R"({"schema": "ckptdiff/layout/v1", "optimizer": {"class": "Adam"},
          "variables": [{"name": "w", "shape": [2], "dtype": "float32"},
                        {"name": "global_step", "shape": []}]})");
};

TEST_F(ShapedTest, WithoutOptimizerLeavesOutItsState) {
  auto layout = Inspect({"--without", "optimizer"});
  EXPECT_EQ(layout["variables"].size(), 2u);
  EXPECT_EQ(layout["optimizers"].size(), 0u);
}

TEST_F(ShapedTest, OnlyWeightsLeavesOutAllElse) {
  auto layout = Inspect({"--only", "weights"});
  ASSERT_EQ(layout["variables"].size(), 1u);
  EXPECT_EQ(layout["variables"][0]["name"], "w");
}

TEST_F(ShapedTest, NamesOnlyLeavesOutShapes) {
  auto layout = Inspect({"--names-only"});
  EXPECT_EQ(layout["variables"].size(), 4u);
  EXPECT_TRUE(layout["variables"][0]["shape"].is_null());
  EXPECT_EQ(Cli({"inspect", spec_, "--names-only"}).out,
            "w\nglobal_step\nw/Adam/m\nw/Adam/v\n");
}

TEST(InspectTest, TextDrawsTheTreeWithSlotsBesideTheirOwners) {
  TempDir dir;
  std::string text = R"({"schema": "ckptdiff/layout/v1",
    "optimizer": {"class": "Adam"}, "layers": [)";
  for (int i = 0; i < 12; ++i) {
    std::string name = "encoder/block_" + std::to_string(i);
    text += (i > 0 ? "," : "") + std::string("{\"name\": \"") + name +
            "\", \"class\": \"Block\", \"variables\": ["
            "{\"name\": \"kernel\", \"shape\": [20, 10], \"dtype\": "
            "\"float32\"}, {\"name\": \"bias\", \"shape\": [10], \"dtype\": "
            "\"float32\", \"trainable\": false}]}";
  }
  std::string spec = dir.Write("spec.json", text + "]}");
  std::string out = Cli({"inspect", spec}).out;
  EXPECT_THAT(out, HasSubstr("24 variables, 2,520 parameters"));
  EXPECT_THAT(out, HasSubstr("block_{0..11}"));
  EXPECT_THAT(out, HasSubstr("float32 [20, 10]"));
  EXPECT_THAT(out, HasSubstr("m v"));
  EXPECT_THAT(out, HasSubstr("frozen"));
  EXPECT_THAT(out, Not(HasSubstr("block_7")));
  EXPECT_THAT(Cli({"inspect", spec, "--verbose"}).out, HasSubstr("block_7"));
}

TEST(InspectTest, SubtreeIsThePartOfABundleThatIsTheModel) {
  const std::string bundle = TestData("formats/torch-zip/bundle/model.pt");
  const CliResult found = Cli({"inspect", bundle, "--names-only"});
  EXPECT_THAT(found.out, HasSubstr("embed.weight/average\n"));
  const CliResult model =
      Cli({"inspect", bundle, "--names-only", "--subtree", "model"});
  EXPECT_THAT(model.out, HasSubstr("embed.weight\n"));
  EXPECT_THAT(model.out, Not(HasSubstr("average")));
  const CliResult wrong = Cli({"inspect", bundle, "--subtree", "modle"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_THAT(wrong.err, HasSubstr("there are model, optimizer, ema"));
}

}  // namespace
}  // namespace ckptdiff
