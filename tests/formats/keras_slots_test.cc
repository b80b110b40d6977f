#include "formats/keras/slots.h"

#include <gtest/gtest.h>

#include "formats/keras/variable_names.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

using enum SlotDialect;

// Names and shapes of a model's weights, in order.
SlotOwners Ordered(
    const std::vector<std::pair<std::string, std::vector<int64_t>>>& all) {
  SlotOwners owners;
  owners.ordered = true;
  for (const auto& [name, dims] : all) {
    SlotOwner owner;
    owner.name = owner.key = name;
    owner.shape = Shape::Of(dims);
    owners.all.push_back(owner);
  }
  return owners;
}

SlotOwners Mlp() {
  return Ordered({{"a/kernel", {3, 4}},
                  {"a/bias", {4}},
                  {"b/kernel", {4, 2}},
                  {"b/bias", {2}}});
}

KerasOptimizer Class(const std::string& name) {
  KerasOptimizer optimizer;
  optimizer.class_name = name;
  return optimizer;
}

std::vector<Shape> Shapes(const std::vector<std::vector<int64_t>>& all) {
  std::vector<Shape> shapes;
  for (const auto& dims : all) shapes.push_back(Shape::Of(dims));
  return shapes;
}

// "momentum:0 velocity:0 …"; "-" for a scalar, "?" for no owner.
std::string Told(const std::vector<TiedSlot>& tied) {
  std::string text;
  for (const TiedSlot& one : tied) {
    if (!text.empty()) text += ' ';
    text += one.placeholder ? "placeholder" : one.word;
    text += one.word.empty() && !one.placeholder ? "-" : ":";
    if (one.word.empty() && !one.placeholder) continue;
    text += one.owner ? std::to_string(*one.owner) : "?";
  }
  return text;
}

TEST(KerasSlotsTest, AdamStoresItsSlotsSideBySide) {
  EXPECT_EQ(
      Told(TieSlots(
          Class("Adam"), kKeras3,
          Shapes({{3, 4}, {3, 4}, {4}, {4}, {4, 2}, {4, 2}, {2}, {2}}), Mlp())),
      "momentum:0 velocity:0 momentum:1 velocity:1 momentum:2 "
      "velocity:2 momentum:3 velocity:3");
}

TEST(KerasSlotsTest, AveragesStandInFrontOfTheSlots) {
  KerasOptimizer optimizer = Class("SGD");
  optimizer.use_ema = optimizer.has_momentum = true;
  EXPECT_EQ(
      Told(TieSlots(
          optimizer, kKeras3,
          Shapes({{3, 4}, {4}, {4, 2}, {2}, {3, 4}, {4}, {4, 2}, {2}}), Mlp())),
      "average:0 average:1 average:2 average:3 momentum:0 momentum:1 "
      "momentum:2 momentum:3");
}

TEST(KerasSlotsTest, NadamOfKeras3EndsWithAScalar) {
  SlotOwners owners = Ordered({{"a/kernel", {3, 4}}});
  EXPECT_EQ(Told(TieSlots(Class("Nadam"), kKeras3, Shapes({{3, 4}, {3, 4}, {}}),
                          owners)),
            "momentum:0 velocity:0 -");
  // Accumulated gradients in front, and no class told.
  EXPECT_EQ(
      Told(TieSlots({}, kKeras3, Shapes({{3, 4}, {3, 4}, {3, 4}, {}}), owners)),
      "momentum:0 velocity:0 velocity_hat:0 -");
}

TEST(KerasSlotsTest, AdafactorOfKeras3KeepsPlaceholdersForVectors) {
  SlotOwners owners = Ordered({{"a/kernel", {3, 4}}, {"a/bias", {4}}});
  EXPECT_EQ(Told(TieSlots(Class("Adafactor"), kKeras3,
                          Shapes({{3}, {4}, {3, 4}, {}, {}, {4}}), owners)),
            "r:0 c:0 velocity:0 placeholder:1 placeholder:1 velocity:1");
}

TEST(KerasSlotsTest, AdafactorOfTfKerasHasNone) {
  SlotOwners owners = Ordered({{"a/kernel", {3, 4}}, {"a/bias", {4}}});
  EXPECT_EQ(Told(TieSlots(Class("Adafactor"), kKeras2,
                          Shapes({{3}, {4}, {3, 4}, {4}}), owners)),
            "r:0 c:0 v:0 v:1");
}

TEST(KerasSlotsTest, AdafactorFollowsTheWeightsWhereShapesAreAmbiguous) {
  // Two vectors, then the row of a kernel: not row, column and kernel.
  SlotOwners owners =
      Ordered({{"n/gamma", {2}}, {"n/beta", {2}}, {"c/kernel", {2, 2, 1}}});
  std::vector<Shape> stored = Shapes({{2}, {2}, {2, 2}, {2, 1}, {2, 2, 1}});
  EXPECT_EQ(Told(TieSlots(Class("Adafactor"), kKeras2, stored, owners)),
            "v:0 v:1 r:2 c:2 v:2");
  // Within a LossScaleOptimizer, Keras 3 keeps no placeholders either.
  EXPECT_EQ(Told(TieSlots(Class("Adafactor"), kKeras3, stored, owners)),
            "velocity:0 velocity:1 r:2 c:2 velocity:2");
}

TEST(KerasSlotsTest, MuonLeavesVectorsAndEmbeddingsToAdam) {
  SlotOwners owners = Ordered({{"embedding/embeddings", {7, 4}},
                               {"a/kernel", {4, 4}},
                               {"a/bias", {4}}});
  EXPECT_EQ(Told(TieSlots(Class("Muon"), kKeras3,
                          Shapes({{7, 4}, {7, 4}, {4, 4}, {4}, {4}}), owners)),
            "momentum:0 velocity:0 momentum:1 momentum:2 velocity:2");
}

TEST(KerasSlotsTest, ALayerFrozenAfterwardsKeepsItsSlots) {
  SlotOwners owners = Mlp();
  owners.all[0].optimized = owners.all[1].optimized = false;
  EXPECT_EQ(Told(TieSlots(Class("Lion"), kKeras3,
                          Shapes({{3, 4}, {4}, {4, 2}, {2}}), owners)),
            "momentum:0 momentum:1 momentum:2 momentum:3");
}

TEST(KerasSlotsTest, ALayerThawedAfterwardsHasNone) {
  EXPECT_EQ(
      Told(TieSlots(Class("Lion"), kKeras3, Shapes({{4, 2}, {2}}), Mlp())),
      "momentum:2 momentum:3");
}

TEST(KerasSlotsTest, WhatTheShapesLeaveOpenIsNotTied) {
  SlotOwners owners = Ordered({{"a/kernel", {4, 4}},
                               {"a/bias", {4}},
                               {"b/kernel", {4, 4}},
                               {"b/bias", {4}}});
  EXPECT_EQ(
      Told(TieSlots(Class("Lion"), kKeras3, Shapes({{4, 4}, {4}}), owners)),
      "momentum:? momentum:?");
}

TEST(KerasSlotsTest, WithoutOrderShapesDecideWhereTheyCan) {
  SlotOwners owners = Ordered({{"blocks/0/kernel", {4, 4}},
                               {"blocks/0/bias", {4}},
                               {"blocks/1/kernel", {4, 4}},
                               {"blocks/1/bias", {4}},
                               {"stem/kernel", {3, 4}},
                               {"stem/bias", {4}}});
  owners.ordered = false;
  const char* objects[] = {"blocks/dense", "blocks/dense_1", "stem"};
  for (size_t i = 0; i < owners.all.size(); ++i) {
    owners.all[i].object = objects[i / 2];
    owners.all[i].family = i < 4 ? "blocks/dense" : "stem";
  }
  std::vector<Shape> stored = Shapes({{3, 4}, {4}, {4, 4}, {4}, {4, 4}, {4}});
  EXPECT_EQ(Told(TieSlots(Class("Lion"), kKeras3, stored, owners)),
            "momentum:4 momentum:5 momentum:0 momentum:1 momentum:2 "
            "momentum:3");
  owners.all[2].family = owners.all[3].family = "another";
  EXPECT_EQ(Told(TieSlots(Class("Lion"), kKeras3, stored, owners)),
            "momentum:4 momentum:5 momentum:? momentum:? momentum:? "
            "momentum:?");
}

// What the words of a guess mean: `momentum` is Adam's m, or SGD's.
TEST(KerasSlotsTest, AGuessSpeaksTheWordsOfItsClass) {
  SlotOwners owners = Ordered({{"a/kernel", {3, 4}}, {"a/bias", {4}}});
  auto meanings = [&](SlotDialect dialect,
                      const std::vector<std::vector<int64_t>>& shapes) {
    std::vector<std::string> all;
    for (const TiedSlot& one :
         TieSlots(KerasOptimizer{}, dialect, Shapes(shapes), owners)) {
      all.push_back(CanonicalSlot(dialect, one.class_name, one.word));
    }
    return all;
  };
  std::vector<std::string> adam = {"m", "v", "m", "v"};
  std::vector<std::string> sgd = {"momentum", "momentum"};
  std::vector<std::string> rmsprop = {"rms", "rms", "momentum", "momentum"};
  for (SlotDialect dialect : {kKeras3, kKeras2}) {
    EXPECT_EQ(meanings(dialect, {{3, 4}, {3, 4}, {4}, {4}}), adam);
    EXPECT_EQ(meanings(dialect, {{3, 4}, {4}}), sgd);
    EXPECT_EQ(meanings(dialect, {{3, 4}, {4}, {3, 4}, {4}}), rmsprop);
  }
}

TEST(KerasSlotsTest, AnUnknownClassIsGuessedFromTheShapes) {
  SlotOwners owners = Ordered({{"a/kernel", {3, 4}}, {"a/bias", {4}}});
  EXPECT_EQ(
      Told(TieSlots({}, kKeras3, Shapes({{3, 4}, {3, 4}, {4}, {4}}), owners)),
      "momentum:0 velocity:0 momentum:1 velocity:1");
  EXPECT_EQ(Told(TieSlots({}, kKeras3, Shapes({{3, 4}, {5}, {6}}), owners)),
            "momentum:? momentum:? momentum:?");
  EXPECT_EQ(
      Told(TieSlots({}, kKeras2,
                    Shapes({{3, 4}, {4}, {3, 4}, {3, 4}, {4}, {4}}), owners)),
      "average:0 average:1 m:0 v:0 m:1 v:1");
  EXPECT_EQ(
      Told(TieSlots({}, kKeras3,
                    Shapes({{3, 4}, {3, 4}, {4}, {4}, {3, 4}, {4}}), owners)),
      "momentum:0 velocity:0 momentum:1 velocity:1 velocity_hat:0 "
      "velocity_hat:1");
}

TEST(KerasVariableNamesTest, SnakeCaseIsThatOfKeras) {
  EXPECT_EQ(SnakeCase("Dense"), "dense");
  EXPECT_EQ(SnakeCase("Conv2D"), "conv2d");
  EXPECT_EQ(SnakeCase("Conv2DTranspose"), "conv2d_transpose");
  EXPECT_EQ(SnakeCase("MultiHeadAttention"), "multi_head_attention");
  EXPECT_EQ(SnakeCase("LSTM"), "lstm");
  EXPECT_EQ(SnakeCase("PReLU"), "p_re_lu");
  EXPECT_EQ(SnakeCase("QDense"), "q_dense");
}

TEST(KerasVariableNamesTest, CellsOfEveryRankAreRecurrent) {
  std::vector<NumberedVariable> conv_lstm = {
      {Shape::Of({2, 2, 3, 8}), "float32"},
      {Shape::Of({2, 2, 2, 8}), "float32"},
      {Shape::Of({8}), "float32"}};
  EXPECT_EQ(VariableNames("cell", conv_lstm, true),
            (std::vector<std::string>{"kernel", "recurrent_kernel", "bias"}));
  conv_lstm.push_back(conv_lstm[0]);  // a cell of the user's own
  EXPECT_EQ(VariableNames("cell", conv_lstm, true),
            std::vector<std::string>(4));
}

TEST(KerasVariableNamesTest, QuantizedKernelsHaveTheirScales) {
  std::vector<NumberedVariable> int8 = {{Shape::Of({16, 8}), "int8"},
                                        {Shape::Of({8}), "float32"},
                                        {Shape::Of({8}), "float32"}};
  EXPECT_EQ(VariableNames("dense_1", int8, true),
            (std::vector<std::string>{"kernel", "bias", "kernel_scale"}));
  int8.pop_back();
  EXPECT_EQ(VariableNames("dense_1", int8, true),
            (std::vector<std::string>{"kernel", "kernel_scale"}));
}

TEST(KerasVariableNamesTest, WhatShapesDoNotTellStaysWithoutName) {
  std::vector<NumberedVariable> one = {{Shape::Of({4}), "float32"}};
  EXPECT_EQ(VariableNames("block", one, true), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace ckptdiff
