#include "match/lone_layers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ckptdiff/compare.h"

namespace ckptdiff {
namespace {

// Dense layers of one width: neither a name nor a shape tells them apart.
Layout Dense(const std::vector<std::string>& layers, int64_t last_width = 5) {
  Layout layout;
  auto add = [&layout](std::string name, std::vector<int64_t> dims) {
    Variable& variable = layout.variables.emplace_back();
    variable.name = std::move(name);
    variable.shape = Shape::Of(std::move(dims));
  };
  for (const std::string& layer : layers) {
    const int64_t width = layer == layers.back() ? last_width : 5;
    add(layer + "/kernel", {5, width});
    add(layer + "/bias", {width});
  }
  return layout;
}

size_t Renamed(const Layout& actual, const Layout& expected) {
  const Report report = Compare(actual, expected).value();
  return static_cast<size_t>(
      std::count_if(report.findings.begin(), report.findings.end(),
                    [](const Finding& finding) {
                      return finding.rule == "renamed-variable";
                    }));
}

TEST(LoneLayersTest, TheOneThatIsLeftOnBothSidesWasRenamed) {
  EXPECT_EQ(Renamed(Dense({"a", "b", "dense_1"}), Dense({"a", "b", "zebra"})),
            2u);
}

TEST(LoneLayersTest, TwoThatCouldBeEachOtherAreLeftOpen) {
  EXPECT_EQ(Renamed(Dense({"a", "b", "c", "dense_1", "dense_2"}),
                    Dense({"a", "b", "c", "zebra", "emu"})),
            0u);
}

TEST(LoneLayersTest, AnotherShapeIsAnotherLayer) {
  EXPECT_EQ(
      Renamed(Dense({"a", "b", "dense_1"}), Dense({"a", "b", "zebra"}, 7)), 0u);
}

TEST(LoneLayersTest, ALayerInAnotherPlaceIsAnotherLayer) {
  const Layout actual = Dense({"a", "b", "dense_1"});
  const Layout expected = Dense({"a", "b", "tower/zebra"});
  EXPECT_TRUE(PairLoneLayers(actual, expected, {4, 5}, {4, 5}).empty());
}

TEST(LoneLayersTest, WhereMostIsLeftNothingIsSure) {
  const Layout actual = Dense({"a", "dense_1"});
  const Layout expected = Dense({"b", "zebra"});
  EXPECT_TRUE(
      PairLoneLayers(actual, expected, {0, 1, 2, 3}, {0, 1, 2, 3}).empty());
}

}  // namespace
}  // namespace ckptdiff
