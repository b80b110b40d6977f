#include "match/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "match/match.h"

namespace ckptdiff {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct Tensor {
  std::string name;
  uint64_t values;
  std::vector<int64_t> dims = {4, 4};
  uint64_t order = 0;
};

// A pair of layouts whose tensors are all of one shape, so that nothing but
// names and contents tells them apart.
class ContentTest : public testing::Test {
 protected:
  static Layout LayoutOf(const std::vector<Tensor>& tensors) {
    Layout layout;
    for (const Tensor& tensor : tensors) {
      Variable variable;
      variable.name = tensor.name;
      variable.shape = Shape::Of(tensor.dims);
      layout.variables.push_back(variable);
    }
    return layout;
  }

  static std::vector<Fingerprint> PrintsOf(const std::vector<Tensor>& tensors) {
    std::vector<Fingerprint> prints;
    for (const Tensor& tensor : tensors) {
      prints.push_back({tensor.values, tensor.order});
    }
    return prints;
  }

  std::map<std::string, std::string> Match(const std::vector<Tensor>& a,
                                           const std::vector<Tensor>& e) {
    const Layout actual = LayoutOf(a), expected = LayoutOf(e);
    pairing_ = MatchLayouts(actual, expected, {PrintsOf(a), PrintsOf(e)});
    std::map<std::string, std::string> names;
    for (const auto& pair : pairing_.pairs) {
      names[actual.variables[pair.actual].name] =
          expected.variables[pair.expected].name;
    }
    return names;
  }

  Pairing pairing_;
};

TEST_F(ContentTest, PairsWhatNoNameTells) {
  EXPECT_THAT(
      Match({{"a", 1}, {"b", 2}, {"c", 3}}, {{"x9", 3}, {"x7", 1}, {"x8", 2}}),
      UnorderedElementsAre(Pair("a", "x7"), Pair("b", "x8"), Pair("c", "x9")));
  EXPECT_THAT(pairing_.pairs[0].evidence, testing::Contains("same-content"));
  EXPECT_GE(pairing_.pairs[0].confidence, 0.9);
}

TEST_F(ContentTest, AShiftOfTheWholeBeatsEqualNames) {
  EXPECT_THAT(Match({{"l/0", 1}, {"l/1", 2}, {"l/2", 3}},
                    {{"l/0", 9}, {"l/1", 1}, {"l/2", 2}, {"l/3", 3}}),
              UnorderedElementsAre(Pair("l/0", "l/1"), Pair("l/1", "l/2"),
                                   Pair("l/2", "l/3")));
}

// A target network takes the online network's values between two saves.
TEST_F(ContentTest, ACopyBetweenTwoSavesIsNoRename) {
  EXPECT_THAT(Match({{"online/w", 1}, {"target/w", 2}},
                    {{"online/w", 3}, {"target/w", 1}}),
              UnorderedElementsAre(Pair("online/w", "online/w"),
                                   Pair("target/w", "target/w")));
}

TEST_F(ContentTest, ContentsThatRepeatSayNothing) {
  EXPECT_THAT(Match({{"m/a", 5}, {"m/b", 5}}, {{"n/a", 5}, {"n/b", 5}}),
              UnorderedElementsAre(Pair("m/a", "n/a"), Pair("m/b", "n/b")));
}

TEST_F(ContentTest, TellsThatASquareIsTransposed) {
  Match({{"w", 1, {4, 4}, 7}}, {{"v", 1, {4, 4}, 8}});
  ASSERT_EQ(pairing_.pairs.size(), 1u);
  EXPECT_EQ(pairing_.pairs[0].transform, "transpose");
}

TEST_F(ContentTest, NothingIsPairedAcrossShapes) {
  EXPECT_THAT(Match({{"w", 1, {4, 4}}}, {{"v", 1, {5}}}), IsEmpty());
}

TEST_F(ContentTest, HoldsForManyVariables) {
  std::vector<Tensor> a, e;
  for (uint64_t i = 1; i <= 3500; ++i) {
    a.push_back({"a" + std::to_string(i), i});
    e.push_back({"e" + std::to_string(3501 - i), 3501 - i});
  }
  const auto names = Match(a, e);
  ASSERT_EQ(names.size(), 3500u);
  EXPECT_EQ(names.at("a17"), "e17");
}

}  // namespace
}  // namespace ckptdiff
