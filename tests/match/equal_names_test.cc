#include "match/equal_names.h"

#include <gtest/gtest.h>

#include "ckptdiff/compare.h"

namespace ckptdiff {
namespace {

Layout Of(std::vector<std::pair<std::string, std::string>> names_and_keys) {
  Layout layout;
  layout.source.addressed_by = AddressedBy::kOrder;
  for (auto& [name, key] : names_and_keys) {
    Variable variable;
    variable.name = name;
    variable.key = key;
    variable.shape = Shape::Of({3, 4});
    layout.variables.push_back(std::move(variable));
  }
  return layout;
}

using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;

TEST(EqualNamesTest, KeysTellNamesApartThatRepeat) {
  Layout actual = Of({{"d/kernel", "outer/d"}, {"d/kernel", "inner/d"}});
  Layout expected = Of({{"d/kernel", "inner/d"}, {"d/kernel", "outer/d"}});
  EqualNames joined = JoinRepeatedNames(actual, expected, {0, 1}, {0, 1});
  EXPECT_EQ(joined.pairs, (Pairs{{1, 0}, {0, 1}}));
  EXPECT_TRUE(joined.actual.empty() && joined.expected.empty());
}

TEST(EqualNamesTest, WithoutACommonKeyTheOrderOfTheLoaderDoes) {
  Layout actual = Of({{"d/kernel", "a:0"}, {"d/kernel", "b:0"}});
  Layout expected = Of({{"d/kernel", "x"}, {"d/kernel", "y"}});
  EXPECT_EQ(JoinRepeatedNames(actual, expected, {0, 1}, {0, 1}).pairs,
            (Pairs{{0, 0}, {1, 1}}));
  expected.source.addressed_by = AddressedBy::kName;
  EXPECT_TRUE(
      JoinRepeatedNames(actual, expected, {0, 1}, {0, 1}).pairs.empty());
}

TEST(EqualNamesTest, AnotherNumberOfThemSettlesNothing) {
  Layout actual = Of({{"d", "a"}, {"d", "b"}, {"d", "c"}});
  Layout expected = Of({{"d", "x"}, {"d", "y"}});
  EqualNames joined = JoinRepeatedNames(actual, expected, {0, 1, 2}, {0, 1});
  EXPECT_TRUE(joined.pairs.empty());
  EXPECT_EQ(joined.actual.size(), 3u);
}

// A store that does not name its optimizer's class: what its two slots are
// called is a guess.
TEST(EqualNamesTest, SlotsUnderGuessedNamesAreThoseThatAreWanted) {
  auto with_slots = [](std::optional<std::string> class_name,
                       std::vector<std::string> kinds) {
    Layout layout = Of({{"d", "d"}});
    layout.optimizers.push_back({"o", class_name, kinds, {}});
    for (const std::string& kind : kinds) {
      Variable slot = layout.variables[0];
      slot.name = slot.key = "o/" + kind;
      slot.role = Role::kSlot;
      slot.slot = Slot{.optimizer = "o", .slot = kind, .owner = "d"};
      layout.variables.push_back(std::move(slot));
    }
    return layout;
  };
  Layout wanted = with_slots("Adadelta", {"accum_grad", "accum_var"});
  Layout guessed = with_slots(std::nullopt, {"m", "v"});
  EXPECT_TRUE(Compare(guessed, wanted).value().findings.empty());
  Layout told = with_slots("Adam", {"m", "v"});
  EXPECT_FALSE(Compare(told, wanted).value().findings.empty());
  Layout fewer = with_slots(std::nullopt, {"momentum"});
  EXPECT_FALSE(Compare(fewer, wanted).value().findings.empty());
}

// Keras merges adapters on saving and keeps their slots: the file names an
// owner that neither side holds.
TEST(EqualNamesTest, SlotsOfAnOwnerThatNobodyHoldsArePaired) {
  Layout layout = Of({{"d", "d"}});
  layout.optimizers.push_back({"o", "Lion", {"momentum"}, {}});
  for (const char* owner : {"d", "d/lora_kernel_a"}) {
    Variable slot = layout.variables[0];
    slot.name = slot.key = std::string("o/") + owner;
    slot.role = Role::kSlot;
    slot.slot = Slot{.optimizer = "o", .slot = "momentum", .owner = owner};
    layout.variables.push_back(std::move(slot));
  }
  EXPECT_TRUE(Compare(layout, layout).value().findings.empty());
  Layout without = layout;
  without.variables.pop_back();
  EXPECT_FALSE(Compare(without, layout).value().findings.empty());
}

// What an average is called is the optimizer's business; TF1 asks for its name.
TEST(EqualNamesTest, AnAverageOfAnotherNameIsNotRenamedWhereNobodyAsksForIt) {
  auto with_average = [](AddressedBy addressed_by, const std::string& name) {
    Layout layout = Of({{"d", "d"}});
    layout.source.addressed_by = addressed_by;
    Variable average = layout.variables[0];
    average.name = average.key = name;
    average.role = Role::kAverage;
    average.slot = Slot{.slot = "average", .owner = "d"};
    layout.variables.push_back(std::move(average));
    return layout;
  };
  for (AddressedBy by : {AddressedBy::kOrder, AddressedBy::kName}) {
    const Report report =
        Compare(with_average(by, "sgd/d_average"),
                with_average(by, "loss_scale_optimizer/sgd/d_average"))
            .value();
    EXPECT_EQ(report.findings.empty(), by == AddressedBy::kOrder);
  }
}

TEST(EqualNamesTest, NumbersCountFromAnotherOneOnlyWhereThatExplainsAll) {
  Layout from_0 = Of({{"l.0.w", ""}, {"l.1.w", ""}, {"l.2.w", ""}, {"e", ""}});
  Layout from_1 = Of({{"l.1.w", ""}, {"l.2.w", ""}, {"l.3.w", ""}, {"e", ""}});
  const Positions all = {0, 1, 2, 3};
  const EqualNames joined = JoinByNumberShift(from_0, from_1, all, all);
  EXPECT_EQ(joined.pairs, (Pairs{{0, 0}, {1, 1}, {2, 2}, {3, 3}}));
  EXPECT_TRUE(joined.actual.empty() && joined.expected.empty());
  EXPECT_TRUE(JoinByNumberShift(from_0, from_0, all, all).pairs.empty());
  from_1.variables[2].shape = Shape::Of({5});
  EXPECT_TRUE(JoinByNumberShift(from_0, from_1, all, all).pairs.empty());
}

// Beyond a few thousand variables equal names are taken at once, but for this.
TEST(EqualNamesTest, AShiftBeatsEqualNamesInLargeModels) {
  std::vector<std::pair<std::string, std::string>> from_0, from_1;
  for (int i = 0; i < 4000; ++i) {
    from_0.push_back({"layers." + std::to_string(i) + ".w", ""});
    from_1.push_back({"layers." + std::to_string(i + 1) + ".w", ""});
  }
  CompareOptions options;
  options.with_pairs = true;
  const Report report = Compare(Of(from_0), Of(from_1), options).value();
  ASSERT_TRUE(report.pairs.has_value());
  ASSERT_EQ(report.pairs->size(), 4000u);
  for (const ReportPair& pair : *report.pairs) {
    if (pair.actual == "layers.1.w") {
      EXPECT_EQ(pair.expected, "layers.2.w");
    }
  }
}

}  // namespace
}  // namespace ckptdiff
