// Layout documents written by hand, and what is said of wrong ones.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ckptdiff/read.h"
#include "formats/format.h"
#include "io/file_system.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Layout> ReadText(const std::string& text,
                        std::vector<std::string>* remarks = nullptr) {
  MemoryFileSystem files;
  files.Add("spec", text);
  ReadOptions options;
  options.remarks = remarks;
  return ReadSource(Source(files, "spec"), options);
}

// JSON without the schema, which is always the same.
Result<Layout> ReadJson(const std::string& members,
                        std::vector<std::string>* remarks = nullptr) {
  return ReadText(R"({"schema": "ckptdiff/layout/v1", )" + members + "}",
                  remarks);
}

Layout Good(const Result<Layout>& layout) {
  if (layout.ok()) return layout.value();
  ADD_FAILURE() << ToString(layout.error());
  return {};
}

std::string ErrorOf(const Result<Layout>& layout) {
  if (!layout.ok()) return ToString(layout.error());
  return "read without an error";
}

std::vector<std::string> Names(const Layout& layout) {
  std::vector<std::string> names;
  for (const Variable& variable : layout.variables) {
    names.push_back(variable.name);
  }
  return names;
}

const Variable& Named(const Layout& layout, const std::string& name) {
  for (const Variable& variable : layout.variables) {
    if (variable.name == name) return variable;
  }
  static const Variable none;
  ADD_FAILURE() << "no " << name;
  return none;
}

TEST(LayoutTest, ANameIsEnough) {
  Layout layout = Good(ReadJson(R"("variables": [{"name": "a/kernel"}, "b"])"));
  EXPECT_THAT(Names(layout), ElementsAre("a/kernel", "b"));
  EXPECT_EQ(layout.variables[0].role, Role::kWeight);
  EXPECT_EQ(layout.variables[0].trainable, true);
  EXPECT_FALSE(layout.variables[0].shape.known);
  EXPECT_EQ(layout.source.format, "layout");
}

TEST(LayoutTest, LayersNestAndJoinTheirNames) {
  Layout layout = Good(ReadJson(R"("separator": ".", "layers": [
      {"name": "encoder", "layers": [
        {"name": "0", "class": "Block", "variables": [
          {"name": "weight", "shape": [2, null]}]}]}])"));
  EXPECT_THAT(Names(layout), ElementsAre("encoder.0.weight"));
  EXPECT_EQ(layout.variables[0].layer, "encoder.0");
  EXPECT_EQ(ToString(layout.variables[0].shape), "[2, ?]");
  ASSERT_EQ(layout.layers.size(), 2u);
  EXPECT_EQ(layout.layers[1].name, "encoder.0");
  EXPECT_EQ(layout.layers[1].class_name, "Block");
}

TEST(LayoutTest, AStringInALayerIsAReference) {
  Layout layout = Good(ReadJson(R"("variables": [{"name": "x/w"}],
      "layers": [{"name": "d", "variables": ["x/w"]}])"));
  EXPECT_THAT(Names(layout), ElementsAre("x/w"));
  EXPECT_EQ(layout.variables[0].layer, "d");
}

TEST(LayoutTest, AReferenceToNothingNamesTheNearest) {
  EXPECT_EQ(ErrorOf(ReadJson(R"("variables": [{"name": "x/kernel"}],
      "layers": [{"name": "d", "variables": ["x/kernle"]}])")),
            "spec: line 2: layer \"d\" names \"x/kernle\", which is no "
            "variable; did you mean \"x/kernel\"?");
}

TEST(LayoutTest, NullVariablesOfALayerAreUnknown) {
  Layout layout = Good(ReadJson(
      R"("layers": [{"name": "lambda", "variables": null},
                    {"name": "relu", "variables": []}])"));
  EXPECT_FALSE(layout.layers[0].variables_known);
  EXPECT_TRUE(layout.layers[1].variables_known);
}

TEST(LayoutTest, AnOptimizerImpliesItsSlots) {
  Layout layout = Good(ReadJson(R"("optimizer": {"class": "Adam"},
      "variables": [{"name": "w", "shape": [2, 3]},
                    {"name": "bn/moving_mean", "shape": [3]},
                    {"name": "frozen", "trainable": false}])"));
  EXPECT_THAT(Names(layout), ElementsAre("w", "bn/moving_mean", "frozen",
                                         "w/Adam/m", "w/Adam/v"));
  const Variable& slot = layout.variables[3];
  EXPECT_EQ(slot.role, Role::kSlot);
  EXPECT_EQ(slot.slot->owner, "w");
  EXPECT_EQ(slot.shape, Shape::Of({2, 3}));
}

TEST(LayoutTest, SettingsDecideOverSlots) {
  Layout layout = Good(ReadJson(R"("variables": ["w"], "optimizers": [
      {"class": "SGD", "settings": {"momentum": 0.9}},
      {"class": "SGD", "settings": {"momentum": 0.0}},
      {"class": "Adam", "settings": {"amsgrad": true}}])"));
  EXPECT_THAT(Names(layout), ElementsAre("w", "w/SGD/momentum", "w/Adam/m",
                                         "w/Adam/v", "w/Adam/vhat"));
}

TEST(LayoutTest, FactoredSlotsHaveAnUnknownShape) {
  Layout layout = Good(
      ReadJson(R"("optimizer": {"class": "Adafactor", "slots": ["row", "v"]},
                  "variables": [{"name": "w", "shape": [2, 3]}])"));
  EXPECT_FALSE(Named(layout, "w/Adafactor/row").shape.known);
  EXPECT_TRUE(Named(layout, "w/Adafactor/v").shape.known);
}

TEST(LayoutTest, WrittenSlotsAreAllThereAre) {
  Layout layout = Good(ReadJson(R"("optimizer": {"class": "Adam"},
      "variables": [{"name": "a"}, {"name": "b"}, {"name": "a/Adam/m"}])"));
  EXPECT_THAT(Names(layout), ElementsAre("a", "b", "a/Adam/m"));
  EXPECT_EQ(layout.variables[2].slot->optimizer, "Adam");
}

TEST(LayoutTest, NamesTellRoles) {
  Layout layout = Good(ReadJson(R"("variables": [
      {"name": "d_w1", "shape": [2]}, {"name": "d_w1/Adam", "shape": [2]},
      {"name": "d_w1/Adam_1", "shape": [2]},
      {"name": "d_w1/ExponentialMovingAverage", "shape": [2]},
      {"name": "beta1_power"}, {"name": "global_step"}])"));
  EXPECT_EQ(Named(layout, "d_w1/Adam").slot->slot, "m");
  EXPECT_EQ(Named(layout, "d_w1/Adam_1").slot->slot, "v");
  EXPECT_EQ(Named(layout, "d_w1/ExponentialMovingAverage").role,
            Role::kAverage);
  EXPECT_EQ(Named(layout, "beta1_power").role, Role::kOptimizer);
  EXPECT_EQ(Named(layout, "global_step").role, Role::kStep);
}

TEST(LayoutTest, PathsTellRolesOfABareFlaxTree) {
  const std::string tree = R"("variables": [
      {"name": "params/d/kernel", "shape": [2, 3], "dtype": "float32"},
      {"name": "batch_stats/n/mean", "shape": [3], "dtype": "float32"},
      {"name": "opt_state/0/mu/d/kernel", "shape": [2, 3], "dtype": "float32"},
      {"name": "step", "shape": [], "dtype": null}])";
  Layout layout = Good(ReadJson(R"("source": {"framework": "flax"}, )" + tree));
  EXPECT_EQ(layout.variables[1].trainable, false);
  EXPECT_EQ(layout.variables[2].role, Role::kSlot);
  EXPECT_EQ(layout.variables[2].slot->owner, "params/d/kernel");
  EXPECT_EQ(layout.variables[3].role, Role::kStep);
  EXPECT_EQ(Good(ReadJson(tree)).variables[2].role, Role::kWeight);
}

TEST(LayoutTest, AScalarIsAWeightWhereNoTypesAreGiven) {
  Layout layout = Good(ReadJson(R"("source": {"framework": "flax"},
    "variables": [{"name": "logit_scale", "shape": []},
                  {"name": "proj/kernel", "shape": [2, 3]}])"));
  EXPECT_EQ(layout.variables[0].role, Role::kWeight);
}

TEST(LayoutTest, ANameBelowAnotherIsNoSlotWithoutAShape) {
  Layout layout = Good(ReadJson(R"("variables": ["a", "a/b"])"));
  EXPECT_EQ(layout.variables[1].role, Role::kWeight);
}

TEST(LayoutTest, YamlMapsPatternsToShapesInOrder) {
  Layout layout =
      Good(ReadText("schema: ckptdiff/layout/v1\n"
                    "variables:\n"
                    "  z_{0..1}/{query,key}: [8, ~]\n"
                    "  a: {shape: [3], dtype: float32, trainable: false}\n"));
  EXPECT_THAT(Names(layout),
              ElementsAre("z_0/query", "z_0/key", "z_1/query", "z_1/key", "a"));
  EXPECT_EQ(ToString(layout.variables[0].shape), "[8, ?]");
  EXPECT_EQ(layout.variables[4].dtype, "float32");
}

TEST(LayoutTest, YamlWordsAreNamesWhereNamesAreMeant) {
  Layout layout =
      Good(ReadText("schema: \"ckptdiff/layout/v1\"\n"
                    "variables: {on: [1], no: [2]}\n"));
  EXPECT_THAT(Names(layout), ElementsAre("on", "no"));
}

TEST(LayoutTest, AnUnknownFieldIsRemarkedUponOnce) {
  std::vector<std::string> remarks;
  Good(ReadJson(R"("x-mine": 1, "variables": [
      {"name": "a", "shpae": [1]}, {"name": "b", "shpae": [1]}])",
                &remarks));
  EXPECT_THAT(remarks, ElementsAre("line 2: variables[0]: unknown field "
                                   "\"shpae\"; did you mean \"shape\"?"));
}

TEST(LayoutTest, AWordOfALaterVersionIsNoError) {
  std::vector<std::string> remarks;
  Layout layout = Good(
      ReadJson(R"("variables": [{"name": "a", "role": "wieght"}])", &remarks));
  EXPECT_EQ(layout.variables[0].role, Role::kWeight);
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("did you mean \"weight\"?")));
}

struct Wrong {
  const char* members;
  const char* message;
};

TEST(LayoutTest, MistakesNameTheirPlace) {
  for (const Wrong& wrong : {
           Wrong{R"("variables": [{"name": "a", "shape": [2, -3]}])",
                 "variables[0].shape[1]: is -3, a dimension is 0 or more"},
           Wrong{R"("variables": [{"name": "a", "shape": "2x3"}])",
                 "variables[0].shape: is text, should be an array"},
           Wrong{R"("variables": [{"name": "a", "shape": [1.5]}])",
                 "variables[0].shape[0]: is a number, should be a whole"},
           Wrong{R"("variables": [{"name": "a",
                                   "shape": [99999999999999999999]}])",
                 "line 2: variables[0].shape[0]"},
           Wrong{R"("variables": [{"shape": [1]}])",
                 "variables[0]: has no \"name\""},
           Wrong{R"("variables": [{"name": 3}])",
                 "variables[0].name: is a number, should be text"},
           Wrong{R"("variables": [{"name": ""}])",
                 "variables[0].name: is empty"},
           Wrong{R"("variables": [{"name": "a", "trainable": 1}])",
                 "variables[0].trainable: is a number"},
           Wrong{R"("variables": 3)", "variables: is a number"},
           Wrong{R"("variables": [{"name": "a", "slot": {"owner": "b"}}])",
                 "variables[0].slot: has no \"slot\""},
           Wrong{R"("layers": [{"class": "Dense"}])",
                 "layers[0]: has no \"name\""},
           Wrong{R"("variables": [], "rename": [{"from": "a"}])",
                 "rename[0]: has no \"to\""},
           Wrong{R"("variables": ["a"], "optimizers": [{"id": "x"},
                                                       {"id": "x"}])",
                 "a second optimizer with the id \"x\""},
           Wrong{R"("source": {})", "has neither \"variables\" nor"},
       }) {
    Result<Layout> layout = ReadJson(wrong.members);
    EXPECT_THAT(ErrorOf(layout), HasSubstr(wrong.message)) << wrong.members;
    if (!layout.ok()) {
      EXPECT_EQ(layout.error().code, ErrorCode::kInvalidLayout);
    }
  }
}

TEST(LayoutTest, TwoOfOneIdentityAreInvalid) {
  EXPECT_THAT(ErrorOf(ReadJson("\"variables\": [\n\"a\",\n\"a\"]")),
              HasSubstr("line 3: a second variable \"a\", the first is on "
                        "line 2"));
  // Names may repeat where keys tell variables apart.
  EXPECT_TRUE(ReadJson(R"("variables": [{"name": "a", "key": "k1"},
                                        {"name": "a", "key": "k2"}])")
                  .ok());
}

TEST(LayoutTest, YamlMistakesNameTheirLine) {
  EXPECT_THAT(ErrorOf(ReadText("schema: ckptdiff/layout/v1\n"
                               "variables:\n"
                               "  - {name: a, shape: [1,\n"
                               "     x]}\n")),
              HasSubstr("line 4: variables[0].shape[1]: is text"));
}

TEST(LayoutTest, TabsAreNamed) {
  EXPECT_THAT(ErrorOf(ReadText("schema: ckptdiff/layout/v1\n"
                               "variables:\n\ta: [1]\n")),
              HasSubstr("spaces, not tabs"));
}

TEST(LayoutTest, AForgottenSchemaIsNamed) {
  EXPECT_THAT(ErrorOf(ReadText("variables:\n  a: [1]\n")),
              HasSubstr("has no \"schema\""));
}

TEST(LayoutTest, BracesThatAreNoPatternAreNamed) {
  for (const char* name :
       {"a_{0..3/w", "a{}", "a{3..0}", "a{0..999999999}", "a{x}"}) {
    EXPECT_THAT(
        ErrorOf(ReadText("schema: ckptdiff/layout/v1\nvariables:\n  \"" +
                         std::string(name) + "\": [1]\n")),
        HasSubstr("its braces are no list"))
        << name;
  }
}

TEST(LayoutTest, AnOptimizerOfUnknownSlotsIsRemarkedUpon) {
  std::vector<std::string> remarks;
  Good(ReadJson(R"("variables": ["w"], "optimizer": "Adma")", &remarks));
  EXPECT_THAT(remarks, ElementsAre(HasSubstr("did you mean \"Adam\"?")));
  Layout layout =
      Good(ReadJson(R"("variables": ["w"], "optimizer": "torch.optim.AdamW")"));
  EXPECT_EQ(layout.variables.size(), 3u);
}

TEST(LayoutTest, OtherSchemasAreNamed) {
  Result<Layout> later =
      ReadText(R"({"schema": "ckptdiff/layout/v2", "variables": []})");
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(later.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(ErrorOf(ReadText(R"({"variables": []})")),
              HasSubstr("has no \"schema\""));
  EXPECT_THAT(ErrorOf(ReadText(R"([{"schema": "ckptdiff/layout/v1"}])")),
              HasSubstr("holds several layout documents"));
}

TEST(LayoutTest, PatternsHaveALimit) {
  std::string text = "\"variables\": {";
  for (int i = 0; i < 20; ++i) {
    text += "\"v" + std::to_string(i) + "_{0..9999}\": [1], ";
  }
  EXPECT_THAT(ErrorOf(ReadJson(text + "\"z\": [1]}")),
              HasSubstr("patterns stand for more than 100000 names"));
}

}  // namespace
}  // namespace ckptdiff
