// How values are turned: by shapes, by the others of the kind, by the words.

#include "match/orientation.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {
namespace {

using Dims = std::vector<int64_t>;

class OrientationTest : public testing::Test {
 protected:
  // Adds a pair that matching found.
  Pair* Add(const std::string& from, const Dims& from_dims,
            const std::string& to, const Dims& to_dims) {
    for (auto [layout, name, dims] : {std::tuple(&actual_, &from, &from_dims),
                                      std::tuple(&expected_, &to, &to_dims)}) {
      layout->variables.push_back({.name = *name});
      layout->variables.back().shape = Shape::Of(*dims);
    }
    Pair& pair = pairs_.emplace_back();
    pair.actual = pair.expected = pairs_.size() - 1;
    pair.how = HowNamed(from, to);
    return &pair;
  }

  std::vector<std::string> Transforms() {
    FillTransforms(actual_, expected_, &pairs_);
    std::vector<std::string> transforms;
    for (const Pair& pair : pairs_) transforms.push_back(pair.transform);
    return transforms;
  }

  Layout actual_, expected_;
  std::vector<Pair> pairs_;
};

TEST_F(OrientationTest, TurnsSquaresAsTheOthersOfTheirKind) {
  Add("a.query.w", {8, 8}, "a/query/table", {8, 8});
  Add("a.up.w", {16, 8}, "a/up/table", {8, 16});
  Add("b.query.matrix", {8, 8}, "b/query/array", {8, 8});
  Add("b.up.matrix", {16, 8}, "b/up/array", {16, 8});
  EXPECT_EQ(Transforms(),
            (std::vector<std::string>{"transpose", "transpose", "", ""}));
}

TEST_F(OrientationTest, KnowsThatAKernelIsAWeightTurned) {
  Add("query.weight", {8, 8}, "query/kernel", {8, 8});
  Add("words.weight", {8, 8}, "words/embeddings", {8, 8});
  Add("norm.weight", {8}, "norm/gamma", {8});
  EXPECT_EQ(Transforms(), (std::vector<std::string>{"transpose", "", ""}));
}

TEST_F(OrientationTest, HearsTheNearestKindFirst) {
  // GPT-2's Conv1D is stored as a kernel is, the rest of the model is not.
  Add("0.c_proj.weight", {8, 8}, "0/c_proj/kernel", {8, 8});
  Add("1.c_proj.weight", {32, 8}, "1/c_proj/kernel", {32, 8});
  Add("head.weight", {9, 8}, "head/kernel", {8, 9});
  EXPECT_EQ(Transforms(), (std::vector<std::string>{"", "", "transpose"}));
}

TEST_F(OrientationTest, PermutesKernelsBothWays) {
  Add("conv.weight", {4, 4, 3, 3}, "conv/kernel", {3, 3, 4, 4});
  Add("pointwise.weight", {8, 8, 1, 1}, "pointwise/kernel", {1, 1, 8, 8});
  Add("depthwise.weight", {32, 1, 3, 3}, "depthwise/kernel", {3, 3, 32, 1});
  Add("back/kernel", {3, 3, 4, 4}, "back.weight", {4, 4, 3, 3});
  EXPECT_EQ(Transforms(),
            (std::vector<std::string>{"permute:2,3,1,0", "permute:2,3,1,0",
                                      "permute:2,3,0,1", "permute:3,2,0,1"}));
}

TEST_F(OrientationTest, TurnsMatricesBeforeTheirAxesAreCutApart) {
  Add("query.weight", {16, 16}, "query/kernel", {16, 2, 8});
  Add("query.bias", {16}, "query/bias", {2, 8});
  Add("out/kernel", {2, 8, 16}, "out.weight", {16, 16});
  EXPECT_EQ(Transforms(),
            (std::vector<std::string>{"transpose+reshape", "reshape",
                                      "reshape+transpose"}));
}

TEST_F(OrientationTest, BelievesValuesFirst) {
  Add("a.weight", {8, 8}, "a.weight", {8, 8})->is_turned = true;
  Add("b.weight", {8, 8, 1, 1}, "b/kernel", {1, 1, 8, 8})->is_turned = true;
  Add("c.weight", {8, 8}, "c/kernel", {8, 8})->is_turned = false;
  EXPECT_EQ(Transforms(),
            (std::vector<std::string>{"transpose", "permute:2,3,1,0", ""}));
}

}  // namespace
}  // namespace ckptdiff
