#include "match/creation.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ascii.h"
#include "match/mix.h"

namespace ckptdiff {
namespace {

// True where two names of one layer, alike up to `at`, are of different kinds:
// a layer makes its weights, then biases, then statistics.
bool AreLeaves(const Name& a, const Name& b, size_t at) {
  return at >= a.leaf_begin && at >= b.leaf_begin && Contradict(a.leaf, b.leaf);
}

// How far the numbers of siblings ascend in the order of the file: 1 where it
// was written as created, 0 where it was shuffled or has none.
float OrderWorth(const Side& side) {
  size_t ascending = 0, steps = 0;
  std::unordered_map<uint64_t, int64_t> last;
  for (uint32_t v = 0; v < side.size(); ++v) {
    uint64_t prefix = 3;
    for (const Token& token : side.names[v].tokens) {
      if (!token.is_number) {
        prefix = Mix(prefix, token.word + (uint64_t{1} << 40));
        continue;
      }
      auto [at, is_new] = last.emplace(prefix, token.number);
      if (!is_new && at->second != token.number) {
        ++steps;
        ascending += token.number > at->second ? 1 : 0;
        at->second = token.number;
      }
      if (token.number != Token::kNone) break;  // the outermost one
      prefix = Mix(prefix, static_cast<uint64_t>(token.number + 2));
    }
  }
  if (steps == 0) return 0;
  const float share = static_cast<float>(ascending) / static_cast<float>(steps);
  return std::max(0.0F, 2 * share - 1);
}

// True where names ascend, numbers aside: a list sorted by name, which tells
// nothing that the names do not.
bool IsSorted(const Side& side) {
  size_t ascending = 0, steps = 0;
  for (uint32_t v = 0; v + 1 < side.size(); ++v) {
    const std::string& a = side.variable(v).name;
    const std::string& b = side.variable(v + 1).name;
    const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (x == a.end() || y == b.end() || IsDigit(*x) || IsDigit(*y)) continue;
    ++steps;
    ascending +=
        static_cast<unsigned char>(*x) < static_cast<unsigned char>(*y) ? 1 : 0;
  }
  return steps > 0 && ascending * 20 >= steps * 19;
}

// Of the layers with a weight and a bias, those whose weight comes first, as
// every framework makes them.
struct WeightsFirst {
  size_t first = 0, pairs = 0;

  bool NearlyAll() const { return first * 20 >= pairs * 19; }
};

WeightsFirst CountWeightsFirst(const Side& side) {
  std::vector<uint32_t> weight(side.nodes.size(), UINT32_MAX);
  WeightsFirst count;
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (side.names[v].leaf == LeafKind::kWeight) weight[side.leaf_node[v]] = v;
  }
  for (uint32_t v = 0; v < side.size(); ++v) {
    const uint32_t w = weight[side.leaf_node[v]];
    if (side.names[v].leaf != LeafKind::kBias || w == UINT32_MAX) continue;
    ++count.pairs;
    count.first += w < v ? 1 : 0;
  }
  return count;
}

// True where two names tell which one was made first: by a number, or as
// weight and bias of one layer.
bool TellsOrder(const Name& a, const Name& b, size_t at) {
  if (at >= a.tokens.size() || at >= b.tokens.size()) return false;
  const Token &x = a.tokens[at], &y = b.tokens[at];
  if (x.is_number != y.is_number) return false;
  return x.is_number || AreLeaves(a, b, at);
}

// The share of all pairs of variables whose names tell their order.
double ToldByNames(const Side& side) {
  std::vector<bool> tells(side.nodes.size(), true);
  std::vector<double> pairs(side.nodes.size());
  const auto all_pairs = [](const Node& node) {
    const double n = node.end - node.begin;
    return n * (n - 1) / 2;
  };
  for (uint32_t id = 0; id < side.nodes.size(); ++id) {
    const Node& node = side.nodes[id];
    pairs[id] += all_pairs(node);
    if (node.parent != Node::kNone) pairs[node.parent] -= all_pairs(node);
  }
  for (uint32_t i = 0; i + 1 < side.size(); ++i) {
    const Name& a = side.names[side.sorted[i]];
    const Name& b = side.names[side.sorted[i + 1]];
    const size_t at = CommonTokens(a, b);
    if (TellsOrder(a, b, at)) continue;
    uint32_t id = side.leaf_node[side.sorted[i]];
    while (side.nodes[id].depth > at) id = side.nodes[id].parent;
    tells[id] = false;
  }
  double told = 0;
  for (uint32_t id = 0; id < side.nodes.size(); ++id) {
    if (tells[id]) told += pairs[id];
  }
  return told / std::max(1.0, all_pairs(side.nodes[0]));
}

}  // namespace

void FillCreation(Side* side) {
  constexpr double kNearlyAll = 0.9;
  const WeightsFirst leaves = CountWeightsFirst(*side);
  side->is_sorted =
      IsSorted(*side) || (leaves.pairs > 0 && !leaves.NearlyAll());
  side->weights_come_first = leaves.pairs > 1 && !side->is_sorted;
  side->order_worth = OrderWorth(*side);
  const double told = ToldByNames(*side);
  const bool is_created = side->order_worth >= kNearlyAll && !side->is_sorted;
  if (!is_created) {
    side->by_creation = side->sorted;
    side->order_worth = told >= kNearlyAll ? 1 : side->order_worth;
    side->is_sorted = told < kNearlyAll;
  } else {
    side->by_creation.resize(side->size());
    std::iota(side->by_creation.begin(), side->by_creation.end(), 0U);
  }
  side->created.resize(side->size());
  for (uint32_t i = 0; i < side->size(); ++i) {
    side->created[side->by_creation[i]] = i;
  }
}

}  // namespace ckptdiff
