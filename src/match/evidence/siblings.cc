// The place among variables of equal size within one layer: "vars/0" is gamma
// because gamma is made first, the first norm of a block is the one before
// attention. Worth something only where both orders are those of creation.

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"

namespace ckptdiff {
namespace {

constexpr int kLevels = 4;

struct Sibling {
  uint32_t node = Node::kNone;
  uint32_t rank = 0;
  uint32_t of = 0;
};

bool ByNumber(const Side& side, uint32_t v) {
  return side.names[v].leaf == LeafKind::kNumber;
}

// For each variable its place in the layers around it, innermost first. A
// name that ends in a number is ranked by it, any other one by its creation.
std::vector<std::vector<Sibling>> Siblings(const Side& side) {
  std::vector<std::vector<Sibling>> all(side.size());
  std::unordered_map<uint64_t, uint32_t> count;
  const auto key = [&](uint32_t node, uint32_t v) {
    return (side.elements[v] * 0x9e3779b97f4a7c15) ^ node;
  };
  const auto rank = [&](uint32_t v) {
    if (!side.partnered[v]) return;
    uint32_t node = side.leaf_node[v];
    for (int level = 0; level < kLevels && node != Node::kNone && node != 0;
         ++level) {
      all[v].push_back({node, count[key(node, v)]++, 0});
      node = side.nodes[node].parent;
    }
  };
  for (uint32_t v : side.sorted) {
    if (ByNumber(side, v)) rank(v);
  }
  for (uint32_t v : side.by_creation) {
    if (!ByNumber(side, v)) rank(v);
  }
  for (uint32_t v = 0; v < side.size(); ++v) {
    for (Sibling& one : all[v]) one.of = count[key(one.node, v)];
  }
  return all;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const std::vector<std::vector<Sibling>> actual = Siblings(problem.actual);
  const std::vector<std::vector<Sibling>> expected = Siblings(problem.expected);
  const auto trust = [](const Side& side, uint32_t v, bool in_layer) {
    if (ByNumber(side, v) || (in_layer && side.weights_come_first)) return 1.0F;
    return side.is_sorted ? 0.0F : side.order_worth;
  };
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    float said = 0;
    bool found = false;
    // "vars/0" of a layer is the first that the layer made.
    bool in_layer = false;
    for (const Sibling& a : actual[one.actual]) {
      for (const Sibling& e : expected[one.expected]) {
        if (problem.actual.nodes[a.node].shapes !=
            problem.expected.nodes[e.node].shapes) {
          continue;
        }
        if (a.of != e.of || a.of < 2) continue;
        said = a.rank == e.rank ? 1 : 0;
        found = true;
        in_layer = a.node == problem.actual.leaf_node[one.actual] &&
                   e.node == problem.expected.leaf_node[one.expected] &&
                   (ByNumber(problem.actual, one.actual) ||
                    ByNumber(problem.expected, one.expected));
        break;
      }
      if (found) break;
    }
    scores[i] += weight * said * trust(problem.actual, one.actual, in_layer) *
                 trust(problem.expected, one.expected, in_layer);
  }
}

}  // namespace

extern constexpr EvidenceKind kSiblings = {
    .id = "same-order",
    .weight = 0.4F,
    .every_round = false,
    .where_names_are_silent = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
