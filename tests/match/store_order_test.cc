#include "match/store_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "match/match.h"

namespace ckptdiff {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct Array {
  std::string name;
  std::vector<int64_t> dims;
};

Layout LayoutOf(const std::vector<Array>& arrays) {
  Layout layout;
  for (const Array& array : arrays) {
    Variable& variable = layout.variables.emplace_back();
    variable.name = array.name;
    variable.shape = Shape::Of(array.dims);
  }
  return layout;
}

Positions All(const Layout& layout) {
  Positions all(layout.variables.size());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

std::vector<LayerPair> Join(const std::vector<Array>& actual,
                            const std::vector<Array>& expected) {
  const Layout a = LayoutOf(actual), e = LayoutOf(expected);
  return JoinStoreOrder(a, e, All(a), All(e));
}

// Expected names in the order of the actual ones, of layers in order.
using Names = std::vector<std::pair<std::string, std::string>>;
Names NamesOf(const std::vector<Array>& actual,
              const std::vector<Array>& expected) {
  Names names;
  for (const LayerPair& pair : Join(actual, expected)) {
    for (size_t i = 0; i < pair.actual.size(); ++i) {
      names.emplace_back(actual[pair.actual[i]].name,
                         expected[pair.expected[i]].name);
    }
  }
  return names;
}

const std::vector<int64_t> kSquare = {4, 4}, kRow = {4}, kWide = {4, 8},
                           kCube = {3, 3, 4};

// The file sorts them by name, and _10 stands before _2.
TEST(StoreOrderTest, CountsLayersOfAClassInTheOrderOfTheModel) {
  EXPECT_THAT(
      NamesOf({{"layers/dense/vars/0", kSquare},
               {"layers/dense_1/vars/0", kSquare},
               {"layers/dense_10/vars/0", kSquare},
               {"layers/dense_2/vars/0", kSquare}},
              {{"in/kernel", kSquare},
               {"body/kernel", kSquare},
               {"out/kernel", kSquare},
               {"again/kernel", kSquare}}),
      UnorderedElementsAre(Pair("layers/dense/vars/0", "in/kernel"),
                           Pair("layers/dense_1/vars/0", "body/kernel"),
                           Pair("layers/dense_2/vars/0", "out/kernel"),
                           Pair("layers/dense_10/vars/0", "again/kernel")));
}

TEST(StoreOrderTest, EqualNamesMeanNothing) {
  EXPECT_THAT(
      NamesOf({{"layers/dense/vars/0", kSquare},
               {"layers/dense_1/vars/0", kSquare}},
              {{"dense_1/kernel", kSquare}, {"dense/kernel", kSquare}}),
      UnorderedElementsAre(Pair("layers/dense/vars/0", "dense_1/kernel"),
                           Pair("layers/dense_1/vars/0", "dense/kernel")));
}

TEST(StoreOrderTest, TakesClassesInTurnAsShapesTell) {
  EXPECT_THAT(
      NamesOf({{"layers/batch_normalization/vars/0", kRow},
               {"layers/batch_normalization/vars/1", kRow},
               {"layers/batch_normalization/vars/2", kRow},
               {"layers/batch_normalization/vars/3", kRow},
               {"layers/dense/vars/0", kSquare},
               {"layers/dense/vars/1", kRow},
               {"layers/dense_1/vars/0", kSquare},
               {"layers/dense_1/vars/1", kRow}},
              {{"first/kernel", kSquare},
               {"first/bias", kRow},
               {"norm/gamma", kRow},
               {"norm/beta", kRow},
               {"norm/moving_mean", kRow},
               {"norm/moving_variance", kRow},
               {"head/kernel", kSquare},
               {"head/bias", kRow}}),
      UnorderedElementsAre(
          Pair("layers/batch_normalization/vars/0", "norm/gamma"),
          Pair("layers/batch_normalization/vars/1", "norm/beta"),
          Pair("layers/batch_normalization/vars/2", "norm/moving_mean"),
          Pair("layers/batch_normalization/vars/3", "norm/moving_variance"),
          Pair("layers/dense/vars/0", "first/kernel"),
          Pair("layers/dense/vars/1", "first/bias"),
          Pair("layers/dense_1/vars/0", "head/kernel"),
          Pair("layers/dense_1/vars/1", "head/bias")));
}

TEST(StoreOrderTest, ReadsAModelWithinTheModel) {
  EXPECT_THAT(
      NamesOf({{"layers/dense/vars/0", kSquare},
               {"layers/functional/layers/dense/vars/0", kSquare},
               {"layers/functional/layers/dense_1/vars/0", kWide}},
              {{"inner/z/kernel", kSquare},
               {"inner/a/kernel", kWide},
               {"head/kernel", kSquare}}),
      UnorderedElementsAre(
          Pair("layers/dense/vars/0", "head/kernel"),
          Pair("layers/functional/layers/dense/vars/0", "inner/z/kernel"),
          Pair("layers/functional/layers/dense_1/vars/0", "inner/a/kernel")));
}

TEST(StoreOrderTest, KnowsTheOtherStoresThatCount) {
  const std::vector<Array> model = {{"z/kernel", kSquare},
                                    {"a/kernel", kSquare}};
  EXPECT_THAT(
      NamesOf({{"variables/0", kSquare}, {"variables/1", kSquare}}, model),
      ElementsAre(Pair("variables/0", "z/kernel"),
                  Pair("variables/1", "a/kernel")));
  EXPECT_THAT(NamesOf({{"model/_operations/1/_kernel", kSquare},
                       {"model/_operations/3/_kernel", kSquare}},
                      model),
              ElementsAre(Pair("model/_operations/1/_kernel", "z/kernel"),
                          Pair("model/_operations/3/_kernel", "a/kernel")));
  EXPECT_THAT(NamesOf({{"layer_with_weights-0/kernel", kSquare},
                       {"layer_with_weights-1/kernel", kSquare}},
                      model),
              ElementsAre(Pair("layer_with_weights-0/kernel", "z/kernel"),
                          Pair("layer_with_weights-1/kernel", "a/kernel")));
}

TEST(StoreOrderTest, TheStoreMayBeTheExpectedSide) {
  EXPECT_THAT(NamesOf({{"z/kernel", kSquare}, {"a/kernel", kSquare}},
                      {{"variables/0", kSquare}, {"variables/1", kSquare}}),
              ElementsAre(Pair("z/kernel", "variables/0"),
                          Pair("a/kernel", "variables/1")));
}

// Two classes of equal shapes: either may come first.
TEST(StoreOrderTest, LeavesOpenWhatShapesDoNotTell) {
  EXPECT_THAT(
      Join({{"layers/dense/vars/0", kSquare}, {"layers/mixer/vars/0", kSquare}},
           {{"z/kernel", kSquare}, {"a/kernel", kSquare}}),
      IsEmpty());
}

TEST(StoreOrderTest, AlignsTheClassesWhereSomethingIsLeftOver) {
  EXPECT_THAT(NamesOf({{"layers/conv2d/vars/0", kCube},
                       {"layers/dense/vars/0", kSquare},
                       {"layers/dense_1/vars/0", kWide}},
                      {{"stem/kernel", kCube},
                       {"body/kernel", kSquare},
                       {"head/kernel", {4, 9}}}),
              UnorderedElementsAre(Pair("layers/conv2d/vars/0", "stem/kernel"),
                                   Pair("layers/dense/vars/0", "body/kernel")));
}

TEST(StoreOrderTest, LeavesOpenWhichOfEqualLayersIsGone) {
  EXPECT_THAT(NamesOf({{"layers/dense/vars/0", kWide},
                       {"layers/dense_1/vars/0", kSquare},
                       {"layers/dense_2/vars/0", kSquare}},
                      {{"in/kernel", kWide}, {"body/kernel", kSquare}}),
              ElementsAre(Pair("layers/dense/vars/0", "in/kernel")));
}

TEST(StoreOrderTest, DoesNotTrustALittleThatAligns) {
  EXPECT_THAT(
      Join({{"layers/dense/vars/0", kSquare}, {"layers/dense_1/vars/0", kWide}},
           {{"z/kernel", {9, 9}}, {"b/kernel", {9, 8}}, {"a/kernel", kSquare}}),
      IsEmpty());
}

TEST(StoreOrderTest, DoesNotTrustAListThatIsSortedByName) {
  EXPECT_THAT(Join({{"variables/0", kSquare}, {"variables/1", kSquare}},
                   {{"key/kernel", kSquare}, {"query/kernel", kSquare}}),
              IsEmpty());
}

TEST(StoreOrderTest, NamesOfAnAttributeAreNoCount) {
  EXPECT_THAT(Join({{"encoder/vars/0", kSquare}, {"decoder/vars/0", kSquare}},
                   {{"z/kernel", kSquare}, {"a/kernel", kSquare}}),
              IsEmpty());
}

// Words tell within a layer that is not one list; its neighbours take no part.
TEST(StoreOrderTest, MatchingStaysWithinTheLayer) {
  const Layout actual =
      LayoutOf({{"layer_with_weights-0/key/kernel", kSquare},
                {"layer_with_weights-0/query/kernel", kSquare},
                {"layer_with_weights-1/key/kernel", kSquare},
                {"layer_with_weights-1/query/kernel", kSquare}});
  const Layout expected = LayoutOf({{"second/query/kernel", kSquare},
                                    {"second/key/kernel", kSquare},
                                    {"first/query/kernel", kSquare},
                                    {"first/key/kernel", kSquare}});
  Names names;
  for (const auto& pair : MatchLayouts(actual, expected).pairs) {
    names.emplace_back(actual.variables[pair.actual].name,
                       expected.variables[pair.expected].name);
  }
  EXPECT_THAT(
      names,
      ElementsAre(
          Pair("layer_with_weights-0/query/kernel", "second/query/kernel"),
          Pair("layer_with_weights-0/key/kernel", "second/key/kernel"),
          Pair("layer_with_weights-1/query/kernel", "first/query/kernel"),
          Pair("layer_with_weights-1/key/kernel", "first/key/kernel")));
}

}  // namespace
}  // namespace ckptdiff
