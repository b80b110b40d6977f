#include "match/resized.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ckptdiff/compare.h"

namespace ckptdiff {
namespace {

void Add(std::string name, std::vector<int64_t> dims, Layout* layout) {
  Variable& variable = layout->variables.emplace_back();
  variable.name = std::move(name);
  variable.shape = Shape::Of(std::move(dims));
}

// Blocks of a transformer: where its width is four times another one's, that
// one's inner layer is as wide as this one's outer layers.
Layout Transformer(int64_t width, const std::string& front = "") {
  Layout layout;
  for (int block = 0; block < 3; ++block) {
    const std::string in = front + "blocks." + std::to_string(block) + ".";
    Add(in + "norm.weight", {width}, &layout);
    Add(in + "norm.bias", {width}, &layout);
    Add(in + "fc1.weight", {4 * width, width}, &layout);
    Add(in + "fc1.bias", {4 * width}, &layout);
    Add(in + "fc2.weight", {width, 4 * width}, &layout);
    Add(in + "fc2.bias", {width}, &layout);
  }
  return layout;
}

size_t Count(const Report& report, std::string_view rule) {
  return static_cast<size_t>(std::count_if(
      report.findings.begin(), report.findings.end(),
      [rule](const Finding& finding) { return finding.rule == rule; }));
}

TEST(ResizedTest, AWiderModelIsWiderThroughout) {
  const Report report = Compare(Transformer(192), Transformer(768)).value();
  EXPECT_EQ(Count(report, "shape-mismatch"), 18u);
  EXPECT_EQ(report.findings.size(), 18u);
  ASSERT_EQ(report.diagnoses.size(), 1u);
  EXPECT_EQ(report.diagnoses[0].cause, "config-mismatch");
}

TEST(ResizedTest, AWiderModelInAWrapperIsOneToo) {
  const Report report =
      Compare(Transformer(192, "module."), Transformer(768)).value();
  EXPECT_EQ(Count(report, "shape-mismatch"), 18u);
  EXPECT_EQ(Count(report, "renamed-variable"), 18u);
  ASSERT_EQ(report.diagnoses.size(), 2u);
  EXPECT_EQ(report.diagnoses[0].cause, "wrapper-prefix");
  EXPECT_EQ(report.diagnoses[1].cause, "config-mismatch");
}

TEST(ResizedTest, LayersThatMovedUpWereNotResized) {
  Layout actual, expected;
  for (int layer = 0; layer < 10; ++layer) {
    const std::string number = std::to_string(layer);
    Add("fc" + number + ".weight", {layer + 7, layer + 6}, &actual);
    Add("fc" + number + ".weight", {layer + 8, layer + 7}, &expected);
  }
  const Report report = Compare(actual, expected).value();
  EXPECT_EQ(Count(report, "shape-mismatch"), 0u);
  EXPECT_EQ(Count(report, "renamed-variable"), 9u);
}

TEST(ResizedTest, AFewOtherShapesAreNotThroughout) {
  Layout narrow = Transformer(192), wide = Transformer(768);
  const Positions some = {0, 1, 2, 3, 4, 5, 6};
  EXPECT_TRUE(PairResizedThroughout(narrow, wide, {{}, some, some}).empty());
}

TEST(ResizedTest, ANameThatRepeatsIsLeftOpen) {
  Layout narrow = Transformer(192), wide = Transformer(768);
  narrow.variables[1].name = narrow.variables[0].name;
  wide.variables[1].name = wide.variables[0].name;
  Positions all(narrow.variables.size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  const std::vector<Pair> pairs =
      PairResizedThroughout(narrow, wide, {{}, all, all});
  EXPECT_EQ(pairs.size(), all.size() - 2);
}

}  // namespace
}  // namespace ckptdiff
