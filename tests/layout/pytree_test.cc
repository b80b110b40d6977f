#include "layout/pytree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;

struct Tree {
  std::vector<TreePath> paths;
  Layout layout;
};

Tree Describe(const std::vector<std::string>& names,
              const Shape& shape = Shape::Of({2, 3})) {
  Tree tree;
  for (const std::string& name : names) {
    TreePath& path = tree.paths.emplace_back();
    for (std::string_view part : Split(name, '/')) path.emplace_back(part);
    Variable& variable = tree.layout.variables.emplace_back();
    variable.key = name;
    bool is_scalar = name.ends_with("step") || name.ends_with("count");
    variable.shape = is_scalar ? Shape::Of({}) : shape;
  }
  DescribeTree(tree.paths, std::vector<bool>(names.size()), &tree.layout);
  return tree;
}

// "m of params/a", "optimizer", ...
std::vector<std::string> Roles(const std::vector<std::string>& names) {
  std::vector<std::string> roles;
  for (const Variable& one : Describe(names).layout.variables) {
    roles.push_back(one.slot ? one.slot->slot + " of " +
                                   one.slot->owner.value_or("?")
                             : std::string(ToString(one.role)));
  }
  return roles;
}

TEST(PytreeTest, BehindTheWordStandsTheOwner) {
  EXPECT_THAT(Roles({"step", "params/mu/w", "opt_state/0/count",
                     "opt_state/0/mu/mu/w", "opt_state/0/nu/mu/w"}),
              ElementsAre("step", "weight", "optimizer", "m of params/mu/w",
                          "v of params/mu/w"));
}

TEST(PytreeTest, TheFieldsSayWhichOptimizerItIs) {
  EXPECT_THAT(Roles({"params/w", "opt_state/0/nu/w", "opt_state/1/count"}),
              ElementsAre("weight", "rms of params/w", "optimizer"));
  EXPECT_THAT(
      Roles({"params/w", "opt_state/0/mu/w", "opt_state/0/nu/w",
             "opt_state/1/count"}),
      ElementsAre("weight", "mg of params/w", "rms of params/w", "optimizer"));
  EXPECT_THAT(Roles({"params/w", "opt_state/0/mu/w", "opt_state/0/count"}),
              ElementsAre("weight", "momentum of params/w", "optimizer"));
}

TEST(PytreeTest, OneStateForEachAxisIsSm3s) {
  Tree tree = Describe({"params/w", "opt_state/0/mu/w/0", "opt_state/0/mu/w/1",
                        "opt_state/0/nu/w"});
  const std::vector<Variable>& all = tree.layout.variables;
  EXPECT_EQ(all[1].slot->slot, "mu/0");
  EXPECT_EQ(all[2].slot->slot, "mu/1");
  EXPECT_EQ(all[2].slot->owner, "params/w");
  EXPECT_EQ(tree.layout.optimizers[0].id, "SM3");
}

TEST(PytreeTest, PlaceholdersAloneTellAdafactor) {
  Tree tree = Describe({"params/w", "opt_state/0/v_row/w", "opt_state/0/v/w"});
  tree.layout = {};
  std::vector<Shape> shapes = {Shape::Of({2}), Shape::Of({1}), Shape::Of({2})};
  for (const Shape& shape : shapes) {
    tree.layout.variables.emplace_back().shape = shape;
  }
  DescribeTree(tree.paths, std::vector<bool>(3), &tree.layout);
  EXPECT_EQ(tree.layout.variables[1].role, Role::kBookkeeping);
  EXPECT_EQ(tree.layout.optimizers[0].id, "Adafactor");
}

TEST(PytreeTest, TwoModelsKeepTheirOwnOptimizers) {
  EXPECT_THAT(Roles({"g_params/w", "d_params/w", "g_opt_state/0/trace/w",
                     "d_opt_state/0/trace/w"}),
              ElementsAre("weight", "weight", "momentum of g_params/w",
                          "momentum of d_params/w"));
  EXPECT_THAT(Roles({"gen/params/w", "gen/opt_state/0/trace/w", "dis/params/w",
                     "dis/opt_state/0/trace/w"}),
              ElementsAre("weight", "momentum of gen/params/w", "weight",
                          "momentum of dis/params/w"));
}

TEST(PytreeTest, AnOwnerThatIsNotSettledIsNone) {
  EXPECT_THAT(Roles({"a/w", "b/w", "opt_state/0/trace/w"}),
              ElementsAre("weight", "weight", "momentum of ?"));
  EXPECT_THAT(
      Roles({"opt_state/0/mu/w", "opt_state/0/nu/w", "opt_state/0/count"}),
      ElementsAre("m of ?", "v of ?", "optimizer"));
}

TEST(PytreeTest, AveragesBelongToTheirParameters) {
  EXPECT_THAT(
      Roles({"params/w", "ema_params/w", "opt_state/1/ema/w"}),
      ElementsAre("weight", "average of params/w", "average of params/w"));
  EXPECT_THAT(Roles({"ema_params/w"}), ElementsAre("weight"));
}

TEST(PytreeTest, T5xNamesThePathFirst) {
  EXPECT_THAT(Roles({"optimizer/target/enc/w", "optimizer/state/step",
                     "optimizer/state/param_states/enc/w/m",
                     "optimizer/state/param_states/enc/w/v"}),
              ElementsAre("weight", "step", "m of optimizer/target/enc/w",
                          "v of optimizer/target/enc/w"));
}

TEST(PytreeTest, TheValueBelowEveryLeafOfAnNnxStateIsNoName) {
  Tree tree = Describe({"linear/kernel/value", "linear/bias/value"});
  EXPECT_EQ(tree.layout.variables[0].name, "linear/kernel");
  EXPECT_EQ(tree.layout.variables[0].key, "linear/kernel/value");
}

TEST(PytreeTest, TheStepIsTheUsersElseTheCounters) {
  Tree tree = Describe({"params/w", "opt_state/0/count", "step"});
  EXPECT_THAT(StepVariables(tree.paths, tree.layout), ElementsAre(2));
  tree = Describe({"params/w", "opt_state/0/count", "opt_state/2/count"});
  EXPECT_THAT(StepVariables(tree.paths, tree.layout), ElementsAre(1, 2));
  tree = Describe({"params/w", "opt_state/gradient_step",
                   "opt_state/inner_opt_state/0/count"});
  EXPECT_THAT(StepVariables(tree.paths, tree.layout), ElementsAre(1));
}

}  // namespace
}  // namespace ckptdiff
