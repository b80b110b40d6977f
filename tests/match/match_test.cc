// What is paired, what is joined, and what is left open.

#include "match/match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {
namespace {

using Entry = std::pair<std::string, std::vector<int64_t>>;

Layout LayoutOf(const std::vector<Entry>& entries) {
  Layout layout;
  for (const auto& [name, dims] : entries) {
    Variable& variable = layout.variables.emplace_back();
    variable.name = name;
    variable.shape = Shape::Of(dims);
  }
  return layout;
}

std::map<std::string, std::string> Names(const Layout& actual,
                                         const Layout& expected) {
  std::map<std::string, std::string> names;
  for (const Pair& pair : MatchLayouts(actual, expected).pairs) {
    names[actual.variables[pair.actual].name] =
        expected.variables[pair.expected].name;
  }
  return names;
}

std::vector<Entry> Block(const std::string& at, const std::string& first,
                         const std::string& second) {
  return {{at + first + ".weight", {16, 16}},  {at + first + ".bias", {16}},
          {at + second + ".weight", {16, 16}}, {at + second + ".bias", {16}},
          {at + "fc.weight", {64, 16}},        {at + "fc.bias", {64}}};
}

Layout Blocks(const std::string& first, const std::string& second) {
  std::vector<Entry> entries;
  for (int i = 0; i < 4; ++i) {
    for (Entry& entry :
         Block("layers." + std::to_string(i) + ".", first, second)) {
      entries.push_back(std::move(entry));
    }
  }
  return LayoutOf(entries);
}

TEST(MatchTest, LeavesOpenWhatNothingTellsApart) {
  const Layout actual = Blocks("q_proj", "k_proj");
  const Layout expected = Blocks("xa", "xb");
  const Pairing pairing = MatchLayouts(actual, expected);
  EXPECT_EQ(pairing.pairs.size(), 8U);  // the fc alone
  ASSERT_FALSE(pairing.ambiguous.empty());
  for (const Ambiguity& set : pairing.ambiguous) {
    EXPECT_EQ(set.actual.size(), 2U);
    EXPECT_EQ(set.expected.size(), 2U);
  }
}

TEST(MatchTest, TellsPartsApartByTheirOrderInABlock) {
  const auto names = Names(Blocks("norm1", "norm2"),
                           Blocks("layernorm_before", "layernorm_after"));
  ASSERT_EQ(names.size(), 24U);
  EXPECT_EQ(names.at("layers.2.norm1.weight"),
            "layers.2.layernorm_before.weight");
  EXPECT_EQ(names.at("layers.2.norm2.bias"), "layers.2.layernorm_after.bias");
}

TEST(MatchTest, DoesNotDependOnTheOrderOfAFile) {
  const Layout actual = Blocks("attn.q_proj", "attn.k_proj");
  Layout expected = Blocks("attention.query", "attention.key");
  const auto names = Names(actual, expected);
  std::reverse(expected.variables.begin(), expected.variables.end());
  EXPECT_EQ(names.size(), 24U);
  EXPECT_EQ(Names(actual, expected), names);
}

TEST(MatchTest, ReadsTheOrderOfCreationFromNumbers) {
  std::vector<Entry> sorted, live;
  for (int i : {0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9}) {
    sorted.push_back({"layer_with_weights-" + std::to_string(i) + "/kernel",
                      {i < 6 ? 8 : 4, 8}});
  }
  for (int i = 0; i < 12; ++i) {
    live.push_back({"block" + std::to_string(i / 3) + "_conv" +
                        std::to_string(i % 3) + "/kernel",
                    {i < 6 ? 8 : 4, 8}});
  }
  const auto names = Names(LayoutOf(sorted), LayoutOf(live));
  ASSERT_EQ(names.size(), 12U);
  EXPECT_EQ(names.at("layer_with_weights-10/kernel"), "block3_conv1/kernel");
}

TEST(MatchTest, StacksExpertsThatAreNumberedW1ToW3) {
  std::vector<Entry> parts, wholes;
  for (int layer = 0; layer < 2; ++layer) {
    const std::string at = "layers." + std::to_string(layer) + ".";
    for (int expert = 0; expert < 4; ++expert) {
      const std::string one =
          at + "moe.experts." + std::to_string(expert) + ".";
      parts.push_back({one + "w1.weight", {32, 16}});
      parts.push_back({one + "w2.weight", {16, 32}});
      parts.push_back({one + "w3.weight", {32, 16}});
    }
    wholes.push_back({at + "mlp.experts.gate_up_proj", {4, 64, 16}});
    wholes.push_back({at + "mlp.experts.down_proj", {4, 16, 32}});
  }
  const Pairing pairing = MatchLayouts(LayoutOf(parts), LayoutOf(wholes));
  ASSERT_EQ(pairing.groups.size(), 4U);
  EXPECT_TRUE(pairing.only_actual.empty());
  EXPECT_TRUE(pairing.only_expected.empty());
}

TEST(MatchTest, StacksLayersThatBecameSlices) {
  const Layout layers = LayoutOf({{"layers_0/mlp/up/kernel", {8, 20}},
                                  {"layers_1/mlp/up/kernel", {8, 20}},
                                  {"layers_2/mlp/up/kernel", {8, 20}},
                                  {"layers_0/ln/scale", {8}},
                                  {"layers_1/ln/scale", {8}},
                                  {"layers_2/ln/scale", {8}}});
  const Layout scanned = LayoutOf(
      {{"layers/mlp/up/kernel", {8, 3, 20}}, {"layers/ln/scale", {3, 8}}});
  const Pairing pairing = MatchLayouts(layers, scanned);
  ASSERT_EQ(pairing.groups.size(), 2U);
  EXPECT_EQ(pairing.groups[0].method, "stack axis 1");
  EXPECT_EQ(pairing.groups[0].actual, (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(pairing.groups[1].method, "stack axis 0");
  EXPECT_EQ(MatchLayouts(scanned, layers).groups.size(), 2U);
}

TEST(MatchTest, JoinsTheGatesOfARecurrentCell) {
  std::vector<Entry> gates;
  for (const std::string gate : {"i", "f", "g", "o"}) {
    gates.push_back({"cell/i" + gate + "/kernel", {5, 5}});
    gates.push_back({"cell/h" + gate + "/kernel", {5, 5}});
    gates.push_back({"cell/h" + gate + "/bias", {5}});
  }
  const Layout split = LayoutOf(gates);
  const Layout fused = LayoutOf({{"lstm.weight_ih", {20, 5}},
                                 {"lstm.weight_hh", {20, 5}},
                                 {"lstm.bias_hh", {20}}});
  const Pairing pairing = MatchLayouts(split, fused);
  ASSERT_EQ(pairing.groups.size(), 3U);
  for (const Group& group : pairing.groups) {
    ASSERT_EQ(group.actual.size(), 4U);
    const std::string& part = split.variables[group.actual[0]].name;
    const std::string& whole = fused.variables[group.expected[0]].name;
    EXPECT_EQ(part.substr(5, 2), whole.ends_with("ih") ? "ii" : "hi");
    EXPECT_EQ(part.ends_with("bias"), whole.starts_with("lstm.bias"));
  }
}

TEST(MatchTest, LeavesIncompleteGatesApart) {
  const Layout split = LayoutOf({{"cell/i/kernel", {5, 5}},
                                 {"cell/f/kernel", {5, 5}},
                                 {"cell/g/kernel", {5, 5}}});
  const Layout fused = LayoutOf({{"cell/kernel", {5, 15}}});
  EXPECT_TRUE(MatchLayouts(split, fused).groups.empty());
}

// Counters of batch norms are alike in all models.
TEST(MatchTest, CountersMakeNoKinOfStrangers) {
  std::vector<Entry> actual, expected;
  for (int64_t i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    actual.push_back({"stem." + n + ".conv.weight", {8 + i, 3, 7, 7}});
    actual.push_back({"stem." + n + ".bn.num_batches_tracked", {}});
    expected.push_back({"tower." + n + ".proj.weight", {40 + i, 99}});
    expected.push_back({"tower." + n + ".norm.num_batches_tracked", {}});
  }
  EXPECT_TRUE(Names(LayoutOf(actual), LayoutOf(expected)).empty());
}

}  // namespace
}  // namespace ckptdiff
