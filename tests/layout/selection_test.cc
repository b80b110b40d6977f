#include "layout/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Variable Named(std::string name) {
  Variable variable;
  variable.name = std::move(name);
  return variable;
}

Variable SlotOf(const std::string& owner, std::string name) {
  Variable slot = Named(std::move(name));
  slot.role = Role::kSlot;
  slot.slot = Slot{.optimizer = "Adam", .slot = "m", .owner = owner};
  return slot;
}

Layout Of(std::vector<Variable> variables) {
  Layout layout;
  layout.variables = std::move(variables);
  return layout;
}

std::vector<std::string> NamesOf(const Layout& layout) {
  std::vector<std::string> names;
  for (const Variable& one : layout.variables) names.push_back(one.name);
  return names;
}

TEST(SelectionTest, CopiesNothingWhereNothingIsSelectedAway) {
  const Layout actual = Of({Named("a")}), expected = Of({Named("a")});
  Result<Selection> selection = Select(actual, expected, {"no*"});
  ASSERT_TRUE(selection.ok());
  EXPECT_EQ(&selection.value().actual(), &actual);
  EXPECT_EQ(&selection.value().expected(), &expected);
  EXPECT_EQ(selection.value().ignored(), 0u);
}

TEST(SelectionTest, IgnoresByNameKeyOrLabelWithTheSlots) {
  Variable keyed = Named("c");
  keyed.key = "deep/key";
  const Layout actual =
      Of({Named("head/w"), SlotOf("head/w", "head/w/Adam"), Named("b"),
          SlotOf("b", "optimizer/vars/3"), keyed});
  Result<Selection> selection =
      Select(actual, Of({Named("head/w")}), {"head*", "b/Adam/m", "*/key"});
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(NamesOf(selection.value().actual()), ElementsAre("b"));
  EXPECT_THAT(NamesOf(selection.value().expected()), ElementsAre());
  EXPECT_EQ(selection.value().ignored(), 5u);
}

TEST(SelectionTest, RenamesVariablesSlotOwnersAndLayersInOrder) {
  Variable kernel = Named("dense1/kernel");
  kernel.layer = "dense1";
  Layout actual = Of({kernel, SlotOf("dense1/kernel", "dense1/kernel/Adam")});
  actual.layers = {{.name = "dense1"}};
  Layout expected;
  expected.rename = {{"^dense(\\d)", "fc_\\1"}, {"^fc_", "layer_"}};
  Result<Selection> selection = Select(actual, expected, {});
  ASSERT_TRUE(selection.ok());
  const Layout& renamed = selection.value().actual();
  EXPECT_EQ(renamed.variables[0].name, "layer_1/kernel");
  EXPECT_EQ(renamed.variables[0].layer, "layer_1");
  EXPECT_EQ(*renamed.variables[1].slot->owner, "layer_1/kernel");
  EXPECT_EQ(renamed.layers[0].name, "layer_1");
}

TEST(SelectionTest, ARenameThatMakesTwoOneNamesBoth) {
  Layout expected;
  expected.rename = {{"\\d", ""}};
  Result<Selection> selection =
      Select(Of({Named("a1"), Named("a2")}), expected, {});
  ASSERT_FALSE(selection.ok());
  EXPECT_EQ(selection.error().code, ErrorCode::kInvalidLayout);
  EXPECT_THAT(selection.error().what, HasSubstr("\"a1\" and \"a2\""));
}

TEST(SelectionTest, ARenameThatIsNoPatternIsWrongUsage) {
  for (const Rename& wrong :
       {Rename{"(", "x"}, Rename{"a", "\\1"}, Rename{"(?<x", ""}}) {
    Layout expected;
    expected.rename = {wrong};
    Result<Selection> selection = Select(Of({Named("a")}), expected, {});
    ASSERT_FALSE(selection.ok()) << wrong.from;
    EXPECT_EQ(selection.error().code, ErrorCode::kUsage);
  }
}

TEST(SelectionTest, LeavesOutWhatTheOtherSideDoesNotKnowOfALayer) {
  Layout expected = Of({Named("known/w")});
  expected.layers = {{.name = "custom", .variables_known = false}};
  const Layout actual =
      Of({Named("known/w"), Named("custom/inner/w"), Named("customer/w"),
          SlotOf("custom/inner/w", "optimizer/vars/1")});
  Result<Selection> selection = Select(actual, expected, {});
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(NamesOf(selection.value().actual()),
              ElementsAre("known/w", "customer/w"));
  EXPECT_EQ(selection.value().ignored(), 0u);
}

}  // namespace
}  // namespace ckptdiff
