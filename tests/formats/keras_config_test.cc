#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "formats/format.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<Layout> ReadConfig(const std::string& json) {
  MemoryFileSystem files;
  files.Add("model.json", json);
  return ReadSource(Source(files, "model.json"), {});
}

std::vector<std::string> Lines(const std::string& json) {
  Result<Layout> layout = ReadConfig(json);
  if (!layout.ok()) return {ToString(layout.error())};
  std::vector<std::string> lines;
  for (const Variable& variable : layout.value().variables) {
    lines.push_back(variable.name + " " + ToString(variable.shape) +
                    (variable.trainable.value_or(true) ? "" : " frozen"));
  }
  return lines;
}

std::string Dense(const std::string& name, const std::string& more = "") {
  return R"({"class_name": "Dense", "config": {"name": ")" + name +
         R"(", "units": 4)" + more + "}}";
}

// As Keras 1 to 2.2.2 wrote it: the config is the list.
std::string Sequential(const std::string& layers) {
  return R"({"class_name": "Sequential", "config": [)" + layers +
         R"(], "keras_version": "2.1.6"})";
}

// A layer of a Functional model of Keras 2, called on these tensors.
std::string Node(const std::string& class_name, const std::string& name,
                 const std::string& config, const std::string& inputs) {
  return R"({"class_name": ")" + class_name + R"(", "name": ")" + name +
         R"(", "config": {"name": ")" + name + R"(")" + config +
         R"(}, "inbound_nodes": [)" + inputs + "]}";
}

std::string Functional(const std::string& layers, const std::string& output) {
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [)" +
         layers + R"(], "input_layers": [["x", 0, 0]], "output_layers": [[")" +
         output + R"(", 0, 0]]}, "keras_version": "2.15.0"})";
}

const char kInput[] = R"(, "batch_input_shape": [null, 3])";

TEST(KerasConfigTest, SequentialOfOldIsAListOfLayers) {
  EXPECT_THAT(Lines(Sequential(Dense("a", kInput) + "," + Dense("b"))),
              ElementsAre("a/kernel [3, 4]", "a/bias [4]", "b/kernel [4, 4]",
                          "b/bias [4]"));
}

TEST(KerasConfigTest, ALayerThatIsCalledTwiceHasItsVariablesOnce) {
  std::string graph =
      Node("InputLayer", "x", kInput, "") + "," +
      Node("Dense", "a", R"(, "units": 3)",
           R"([["x", 0, 0, {}]], [["a", 0, 0, {}]])") +
      "," +
      Node("Concatenate", "c", "", R"([["a", 0, 0, {}], ["a", 1, 0, {}]])") +
      "," +
      Node("Dense", "b", R"(, "units": 1, "use_bias": false)",
           R"([["c", 0, 0, {}]])");
  EXPECT_THAT(Lines(Functional(graph, "b")),
              ElementsAre("a/kernel [3, 3]", "a/bias [3]", "b/kernel [6, 1]"));
}

TEST(KerasConfigTest, FrozenLayersAreNotTrained) {
  EXPECT_THAT(Lines(Sequential(
                  Dense("a", std::string(kInput) + R"(, "trainable": false)"))),
              ElementsAre("a/kernel [3, 4] frozen", "a/bias [4] frozen"));
}

// Keras 3.0 froze only what was built, and writes the same config for both:
// those who freeze a model that is there begin at its front.
TEST(KerasConfigTest, Keras2TrainsASharedKernelThatOneOwnerTrains) {
  std::string wrapper = R"({"class_name": "SpectralNormalization",
      "config": {"name": "s", "batch_input_shape": [null, 3], "layer": )" +
                        Dense("a", R"(, "trainable": false)") + "}}";
  EXPECT_THAT(Lines(Sequential(wrapper)),
              ElementsAre("s/kernel [3, 4]", "s/vector_u [1, 4] frozen",
                          "s/bias [4] frozen"));
}

TEST(KerasConfigTest, RandomFourierFeaturesTrainTheirScaleOnly) {
  EXPECT_THAT(
      Lines(Sequential(R"({"class_name": "RandomFourierFeatures",
      "config": {"name": "r", "output_dim": 5,
                 "batch_input_shape": [null, 3]}},)" +
                       Dense("a"))),
      ElementsAre("r/kernel_scale [1]", "r/unscaled_kernel [3, 5] frozen",
                  "r/bias [5] frozen", "a/kernel [5, 4]", "a/bias [4]"));
}

TEST(KerasConfigTest, FrozenTooEarlyInEarlyKeras3IsTrained) {
  auto model = [](const std::string& first, const std::string& second) {
    return R"({"module": "keras.src.models.sequential", "class_name": )"
           R"("Sequential", "config": {"name": "m", "layers": [)" +
           Dense("a", R"(, "batch_shape": [null, 3], "use_bias": false, )"
                      R"("dtype": "float32", "trainable": )" +
                          first) +
           "," +
           Dense("b", R"(, "use_bias": false, "dtype": "float32", )"
                      R"("trainable": )" +
                          second) +
           "]}}";
  };
  EXPECT_THAT(Lines(model("true", "false")),
              ElementsAre("m/a/kernel [3, 4]", "m/b/kernel [4, 4]"));
  EXPECT_THAT(Lines(model("false", "true")),
              ElementsAre("m/a/kernel [3, 4] frozen", "m/b/kernel [4, 4]"));
}

TEST(KerasConfigTest, BehindAnUnknownLayerShapesAreUnknown) {
  std::string layers = R"({"class_name": "Mine", "config": {"name": "mine", )"
                       R"("batch_input_shape": [null, 3]}}, )" +
                       Dense("b");
  Result<Layout> layout = ReadConfig(Sequential(layers));
  ASSERT_TRUE(layout.ok());
  ASSERT_EQ(layout.value().layers.size(), 2u);
  EXPECT_FALSE(layout.value().layers[0].variables_known);
  EXPECT_TRUE(layout.value().layers[1].variables_known);
  EXPECT_THAT(Lines(Sequential(layers)),
              ElementsAre("b/kernel [?, 4]", "b/bias [4]"));
}

TEST(KerasConfigTest, AConfigSavedAsAJsonStringIsReadToo) {
  std::string text = Sequential(Dense("a", kInput));
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  EXPECT_THAT(Lines(quoted + "\""),
              ElementsAre("a/kernel [3, 4]", "a/bias [4]"));
}

TEST(KerasConfigTest, CirclesAreRefused) {
  std::string graph =
      Node("InputLayer", "x", kInput, "") + "," +
      Node("Dense", "a", R"(, "units": 3)", R"([["b", 0, 0, {}]])") + "," +
      Node("Dense", "b", R"(, "units": 3)", R"([["a", 0, 0, {}]])");
  EXPECT_THAT(Lines(Functional(graph, "b")),
              ElementsAre(HasSubstr("\"a\" is part of a circle")));
}

TEST(KerasConfigTest, LayersThatAreNotThereAreNamed) {
  std::string graph =
      Node("InputLayer", "x", kInput, "") + "," +
      Node("Dense", "a", R"(, "units": 3)", R"([["gone", 0, 0, {}]])");
  EXPECT_THAT(
      Lines(Functional(graph, "a")),
      ElementsAre(HasSubstr("layer \"gone\" returns, but there is no")));
}

TEST(KerasConfigTest, SizesThatNoLayerHasAreNamed) {
  std::string layer = R"({"class_name": "Dense", "config": {"name": "a", )"
                      R"("units": -3, "batch_input_shape": [null, 3]}})";
  EXPECT_THAT(Lines(Sequential(layer)),
              ElementsAre(HasSubstr("layer \"a\": \"units\" is -3")));
}

// Every wrapper builds two of what it wraps.
TEST(KerasConfigTest, BehindAnEmptyInputLayersHoldNothing) {
  EXPECT_THAT(
      Lines(Sequential(Dense("a", R"(, "batch_input_shape": [null, 0])"))),
      ElementsAre("a/kernel [0, 4]", "a/bias [4]"));
}

TEST(KerasConfigTest, WrappersInWrappersEndBeforeTheMemoryDoes) {
  std::string layer = R"({"class_name": "LSTM", "config": {"name": "l", )"
                      R"("units": 2}})";
  for (int i = 0; i < 60; ++i) {
    layer = R"({"class_name": "Bidirectional", "config": {"name": "b", )"
            R"("layer": )" +
            layer + "}}";
  }
  EXPECT_THAT(Lines(Sequential(layer)),
              ElementsAre(HasSubstr("more layers than its size can mean")));
}

// weights.json is what the live model listed: name, shape, dtype, trained.
class KerasConfigTruthTest : public ::testing::TestWithParam<const char*> {};

TEST_P(KerasConfigTruthTest, ListsWhatTheLiveModelLists) {
  std::string folder = std::string("formats/keras-config/") + GetParam();
  Result<Layout> layout = ReadLayout(TestData(folder + "/model.json"));
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  auto derived = nlohmann::json::array();
  for (const Variable& variable : layout.value().variables) {
    if (variable.role != Role::kWeight) continue;
    derived.push_back({variable.name, variable.shape.dims, variable.dtype,
                       variable.trainable.value_or(true)});
  }
  EXPECT_EQ(derived, nlohmann::json::parse(
                         ReadTextFile(TestData(folder + "/weights.json"))));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, KerasConfigTruthTest,
    ::testing::Values("keras2-local", "keras2-nested", "keras2-sequences",
                      "keras2-shapes", "keras3-nested", "keras3-quantized_int4",
                      "keras3-quantized_int8", "keras3-reduced",
                      "keras3-scopes", "keras3-sequences", "keras3-shapes",
                      "keras3.0-called_elsewhere"));

TEST(KerasConfigTest, ACompiledModelExpectsTheSlotsOfWhatIsTrained) {
  std::string layers =
      Dense("a", std::string(kInput) + R"(, "trainable": false)") + "," +
      Dense("b", R"(, "use_bias": false)");
  Result<Layout> layout = ReadConfig(
      R"({"module": "keras.src.models.sequential", )"
      R"("class_name": "Sequential", "config": )"
      R"({"name": "m", "layers": [)" +
      layers +
      R"(]}, "compile_config": {"optimizer": {"class_name": "Adam", )"
      R"("config": {"name": "adam"}}}})");
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  std::vector<std::string> slots;
  for (const Variable& variable : layout.value().variables) {
    if (variable.slot)
      slots.push_back(variable.name + " " + SlotLabel(variable));
  }
  EXPECT_THAT(slots, ElementsAre("adam/m_b_kernel_momentum m/b/kernel/Adam/m",
                                 "adam/m_b_kernel_velocity m/b/kernel/Adam/v"));
}

// Both write the module of Sequential as "keras"; Keras 3 alone puts the
// model's name in front.
TEST(KerasConfigTest, TheFormOfTheInputTellsTheGeneration) {
  auto model = [](const std::string& shape) {
    return R"({"module": "keras", "class_name": "Sequential", "config": )"
           R"({"name": "m", "layers": [{"class_name": "InputLayer", )"
           R"("config": {"name": "x", ")" +
           shape + R"(": [null, 3]}}, )" + Dense("a") + "]}}";
  };
  EXPECT_THAT(Lines(model("batch_input_shape")),
              ElementsAre("a/kernel [3, 4]", "a/bias [4]"));
  EXPECT_THAT(Lines(model("batch_shape")),
              ElementsAre("m/a/kernel [3, 4]", "m/a/bias [4]"));
}

TEST(KerasConfigTest, AModelOfItsOwnClassIsRefusedWithWhatToDo) {
  EXPECT_THAT(
      Lines(R"({"class_name": "MyModel", "registered_name": "me>MyModel", )"
            R"("config": {"width": 3}})"),
      ElementsAre(AllOf(HasSubstr("MyModel is a class of its own"),
                        HasSubstr("ckptdiff.export"))));
}

TEST(KerasConfigTest, AQuantisedMatrixHasAScaleBehindWhatIsTrained) {
  std::string policy =
      R"(, "dtype": {"class_name": "QuantizedDTypePolicy", "config": )"
      R"({"mode": "int8", "source_name": "float32"}})";
  Result<Layout> layout = ReadConfig(Sequential(Dense("a", kInput + policy)));
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  std::vector<std::string> lines;
  for (const Variable& variable : layout.value().variables) {
    lines.push_back(variable.name + " " + variable.dtype);
  }
  EXPECT_THAT(lines, ElementsAre("a/bias float32", "a/kernel int8",
                                 "a/kernel_scale float32"));
}

// Otherwise its variables would be two.
TEST(KerasConfigTest, ALayerThatTwoModelsShareIsOneLayer) {
  std::string shared = R"({"class_name": "Dense", "shared_object_id": 7, )"
                       R"("config": {"name": "s", "units": 3, )"
                       R"("batch_input_shape": [null, 3]}})";
  std::string part = R"({"class_name": "Sequential", "config": [)" + shared;
  EXPECT_THAT(Lines(Sequential(part + "]}," + part + "]}")),
              ElementsAre("s/kernel [3, 3]", "s/bias [3]"));
}

TEST(KerasConfigTest, AWrapperOfAnUnknownLayerIsUnknownToo) {
  std::string layer =
      R"({"class_name": "TimeDistributed", "config": {"name": "td", )"
      R"("batch_input_shape": [null, 5, 3], "layer": {"class_name": "Mine", )"
      R"("registered_name": "me>Mine", "config": {"name": "own"}}}})";
  Result<Layout> layout = ReadConfig(Sequential(layer));
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_FALSE(layout.value().layers.at(0).variables_known);
}

// The paths that a store has tell them apart.
TEST(KerasConfigTest, NamesThatRepeatHaveKeys) {
  std::string first =
      R"({"class_name": "Sequential", "config": [)" + Dense("d", kInput) + "]}";
  std::string second =
      R"({"class_name": "Sequential", "config": [)" + Dense("d") + "]}";
  Result<Layout> layout = ReadConfig(Sequential(first + "," + second));
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  std::vector<std::string> keys;
  for (const Variable& variable : layout.value().variables) {
    keys.push_back(variable.name + " " + variable.key);
  }
  EXPECT_THAT(keys,
              ElementsAre("d/kernel layers/sequential/layers/dense/vars/0",
                          "d/bias layers/sequential/layers/dense/vars/1",
                          "d/kernel layers/sequential_1/layers/dense/vars/0",
                          "d/bias layers/sequential_1/layers/dense/vars/1"));
}

TEST(KerasConfigTest, ALayerOfAnotherPackageIsNotTheBuiltInOne) {
  std::string layer =
      R"({"class_name": "Dense", "registered_name": "mine>Dense", "config": )"
      R"({"name": "a", "units": 4, "batch_input_shape": [null, 3]}})";
  Result<Layout> layout = ReadConfig(Sequential(layer));
  ASSERT_TRUE(layout.ok());
  EXPECT_TRUE(layout.value().variables.empty());
  EXPECT_FALSE(layout.value().layers.at(0).variables_known);
}

}  // namespace
}  // namespace ckptdiff
