#include "layout/tf1_slots.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ckptdiff {
namespace {

struct Spec {
  std::string name;
  std::vector<int64_t> shape;
};

std::map<std::string, Variable> Tied(const std::vector<Spec>& specs) {
  Layout layout;
  for (const Spec& spec : specs) {
    Variable variable;
    variable.name = variable.key = spec.name;
    variable.shape = Shape::Of(spec.shape);
    layout.variables.push_back(variable);
  }
  TieTf1Slots(&layout);
  std::map<std::string, Variable> variables;
  for (const Variable& variable : layout.variables) {
    variables[variable.name] = variable;
  }
  return variables;
}

TEST(Tf1SlotsTest, AdamHasTwo) {
  auto tied = Tied({{"w", {2}}, {"w/Adam", {2}}, {"w/Adam_1", {2}}});
  EXPECT_EQ(SlotLabel(tied["w/Adam"]), "w/Adam/m");
  EXPECT_EQ(SlotLabel(tied["w/Adam_1"]), "w/Adam/v");
  EXPECT_EQ(tied["w"].role, Role::kWeight);
}

TEST(Tf1SlotsTest, ASecondAdamOverTheSameVariableGoesOnCounting) {
  auto tied = Tied({{"w", {2}},
                    {"w/Adam", {2}},
                    {"w/Adam_1", {2}},
                    {"w/Adam_2", {2}},
                    {"w/Adam_3", {2}}});
  EXPECT_EQ(SlotLabel(tied["w/Adam_2"]), "w/Adam#2/m");
  EXPECT_EQ(SlotLabel(tied["w/Adam_3"]), "w/Adam#2/v");
}

TEST(Tf1SlotsTest, ThreeOfRmspropMeanCentred) {
  auto tied = Tied({{"w", {2}}, {"w/RMSProp", {2}}, {"w/RMSProp_1", {2}}});
  EXPECT_EQ(tied["w/RMSProp_1"].slot->slot, "momentum");
  tied = Tied({{"w", {2}},
               {"w/RMSProp", {2}},
               {"w/RMSProp_1", {2}},
               {"w/RMSProp_2", {2}}});
  EXPECT_EQ(tied["w/RMSProp_1"].slot->slot, "mg");
  EXPECT_EQ(tied["w/RMSProp_2"].slot->slot, "momentum");
}

TEST(Tf1SlotsTest, AVariableThatIsCalledLikeASlotIsNone) {
  auto tied = Tied({{"net/Adam", {2}}, {"net/kernel", {2}}, {"Momentum", {}}});
  for (const auto& [name, variable] : tied) {
    EXPECT_EQ(variable.role, Role::kWeight) << name;
  }
}

TEST(Tf1SlotsTest, AnOuterScopeIsStrippedWhereTheShapeAgrees) {
  auto tied = Tied({{"a/w", {2, 3}},
                    {"opt/a/w/Adam", {2, 3}},
                    {"opt/a/w/Adam_1", {2, 3}},
                    {"opt/a/w/Momentum", {9}}});
  EXPECT_EQ(tied["opt/a/w/Adam"].slot->owner, "a/w");
  EXPECT_EQ(tied["opt/a/w/Momentum"].role, Role::kWeight);
}

TEST(Tf1SlotsTest, AnAverageIsNoSlot) {
  auto tied = Tied({{"w", {2}}, {"w/ExponentialMovingAverage", {2}}});
  const Variable& average = tied["w/ExponentialMovingAverage"];
  EXPECT_EQ(average.role, Role::kAverage);
  EXPECT_EQ(SlotLabel(average), "w/average");
}

// A Saver over variables_to_restore() asks for averages alone.
TEST(Tf1SlotsTest, AnAverageWithoutItsVariableIsAnAverageStill) {
  auto tied = Tied({{"w/ExponentialMovingAverage", {2}}});
  const Variable& average = tied["w/ExponentialMovingAverage"];
  EXPECT_EQ(average.role, Role::kAverage);
  EXPECT_EQ(average.slot->owner, std::nullopt);
}

TEST(Tf1SlotsTest, AnOptimizerOfAnotherNameIsToldByItsBetaPowers) {
  auto tied = Tied(
      {{"beta1_power", {}}, {"w", {2}}, {"w/MyOpt", {2}}, {"w/MyOpt_1", {2}}});
  EXPECT_EQ(tied["w/MyOpt"].slot->slot, "m");
  EXPECT_EQ(tied["w/MyOpt_1"].slot->slot, "v");
  EXPECT_EQ(tied["beta1_power"].role, Role::kOptimizer);
}

TEST(Tf1SlotsTest, KerasOptimizersInAGraphStandBeforeTheVariable) {
  auto tied = Tied({{"dense/kernel", {2}},
                    {"training/Adam/dense/kernel/m", {2}},
                    {"training/Adam/iter", {}}});
  EXPECT_EQ(SlotLabel(tied["training/Adam/dense/kernel/m"]),
            "dense/kernel/Adam/m");
  EXPECT_EQ(tied["training/Adam/iter"].role, Role::kOptimizer);
}

TEST(Tf1SlotsTest, MeshTensorFlowAndBertHaveWordsOfTheirOwn) {
  auto tied = Tied({{"k", {4, 2}},
                    {"k_slot_vr", {2}},
                    {"k/adam_m", {4, 2}},
                    {"x_slot_v", {2}}});
  EXPECT_EQ(tied["k_slot_vr"].slot->slot, "row");
  EXPECT_EQ(tied["k/adam_m"].slot->slot, "m");
  EXPECT_EQ(tied["x_slot_v"].role, Role::kWeight);
}

// Quadratic in slashes or in scopes, these would take minutes.
TEST(Tf1SlotsTest, EndsSoonOnNamesMadeToBeSlow) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "Adam/";
  std::vector<Spec> specs = {{"w", {2}}, {deep + "m", {2}}};
  for (int i = 0; i < 20'000; ++i) {
    specs.push_back({"s" + std::to_string(i) + "/w/Adam", {2}});
    specs.push_back({"w/own" + std::to_string(i), {2}});
  }
  EXPECT_EQ(Tied(specs).size(), specs.size());
}

TEST(Tf1SlotsTest, ASlotWhoseVariableIsGoneHasNoOwner) {
  auto tied = Tied({{"beta1_power", {}}, {"w/Adam", {2}}, {"w/Adam_1", {2}}});
  ASSERT_EQ(tied["w/Adam"].role, Role::kSlot);
  EXPECT_EQ(tied["w/Adam"].slot->owner, std::nullopt);
}

// A batch norm built in the scope that a bias is called.
TEST(Tf1SlotsTest, WhatLayersCallTheirOwnIsNoSlotOfTheScopesNamesake) {
  auto tied = Tied({{"g_b2", {5}},
                    {"g_b2/beta", {5}},
                    {"g_b2/beta/Adam", {5}},
                    {"g_b2/beta/Adam_1", {5}},
                    {"g_b2/moving_mean", {5}}});
  EXPECT_EQ(tied["g_b2/beta"].role, Role::kWeight);
  EXPECT_EQ(tied["g_b2/moving_mean"].role, Role::kWeight);
  EXPECT_EQ(SlotLabel(tied["g_b2/beta/Adam_1"]), "g_b2/beta/Adam/v");
}

TEST(Tf1SlotsTest, AWordThatStandsBelowNoVariableOnceIsNoOptimizersName) {
  auto tied = Tied({{"w", {2}}, {"w/u", {2}}, {"layer/u", {2}}});
  EXPECT_EQ(tied["w/u"].role, Role::kWeight);
  EXPECT_EQ(tied["layer/u"].role, Role::kWeight);
}

TEST(Tf1SlotsTest, AnOptimizerWithANameOfItsOwnIsFoundInItsScopeToo) {
  auto tied = Tied({{"beta1_power", {}},
                    {"net/w", {2}},
                    {"net/u", {3}},
                    {"train/net/w/d_opt", {2}},
                    {"train/net/w/d_opt_1", {2}},
                    {"train/net/u/d_opt", {3}},
                    {"train/net/u/d_opt_1", {3}}});
  EXPECT_EQ(SlotLabel(tied["train/net/w/d_opt"]), "net/w/d_opt/m");
  EXPECT_EQ(SlotLabel(tied["train/net/u/d_opt_1"]), "net/u/d_opt/v");
}

TEST(Tf1SlotsTest, WhatAKerasOptimizerKeepsInAGraphIsItsOwn) {
  auto tied = Tied({{"w", {2}},
                    {"Adam/w/m", {2}},
                    {"Adam/iter", {}},
                    {"Adam/beta_1", {}},
                    {"Ftrl/learning_rate_power", {}},
                    {"norm/beta", {}}});
  for (const char* own :
       {"Adam/iter", "Adam/beta_1", "Ftrl/learning_rate_power"}) {
    EXPECT_EQ(tied[own].role, Role::kOptimizer) << own;
  }
  EXPECT_EQ(tied["norm/beta"].role, Role::kWeight);
}

}  // namespace
}  // namespace ckptdiff
