// The place of a layer among those with the same set of shapes: the third of
// seven such blocks here is the third of seven there.

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"
#include "match/mix.h"

namespace ckptdiff {
namespace {

struct Place {
  uint32_t rank = 0;
  uint32_t of = 0;
};

// The words that lead to a place, without numbers.
uint64_t PatternOf(const Side& side, const Node& node) {
  uint64_t hash = 1;
  const std::vector<Token>& tokens = side.names[side.sorted[node.begin]].tokens;
  for (uint32_t i = 0; i < node.depth; ++i) {
    hash = Mix(hash, tokens[i].is_number ? 0 : tokens[i].word + uint64_t{1});
  }
  return hash;
}

std::vector<Place> Rank(const Side& side, const std::vector<uint32_t>& order,
                        const std::vector<uint64_t>& groups) {
  std::unordered_map<uint64_t, uint32_t> count;
  std::vector<Place> places(side.nodes.size());
  for (uint32_t id : order) {
    if (side.nodes[id].partnered >= 2) places[id].rank = count[groups[id]]++;
  }
  for (uint32_t id : order) {
    if (side.nodes[id].partnered >= 2) places[id].of = count[groups[id]];
  }
  return places;
}

struct Places {
  std::vector<Place> by_number;  // among those that only numbers tell apart
  std::vector<Place> by_file;    // among all, in the order of creation
};

Places PlacesOf(const Side& side) {
  std::vector<uint32_t> first(side.nodes.size(), UINT32_MAX);
  std::vector<uint64_t> shapes, patterns;
  for (uint32_t id = 0; id < side.nodes.size(); ++id) {
    const Node& node = side.nodes[id];
    for (uint32_t i = node.begin; i < node.end; ++i) {
      first[id] = std::min(first[id], side.created[side.sorted[i]]);
    }
    shapes.push_back(node.shapes);
    patterns.push_back(Mix(node.shapes, PatternOf(side, node)));
  }
  std::vector<uint32_t> order(side.nodes.size());
  std::iota(order.begin(), order.end(), 0U);
  Places places;
  places.by_number = Rank(side, order, patterns);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return first[a] < first[b]; });
  places.by_file = Rank(side, order, shapes);
  return places;
}

float Alike(const Place& a, const Place& b) {
  if (a.of == 0 || b.of == 0 || a.rank != b.rank) return 0;
  return a.of == b.of ? 1.0F : 0.3F;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const float worth =
      std::min(problem.actual.order_worth, problem.expected.order_worth);
  const Places actual = PlacesOf(problem.actual);
  const Places expected = PlacesOf(problem.expected);
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    float best = 0;
    for (uint32_t a = problem.actual.leaf_node[one.actual];
         a != Node::kNone && a != 0; a = problem.actual.nodes[a].parent) {
      const uint64_t shapes = problem.actual.nodes[a].shapes;
      for (uint32_t e = problem.expected.leaf_node[one.expected];
           e != Node::kNone && e != 0; e = problem.expected.nodes[e].parent) {
        if (problem.expected.nodes[e].shapes != shapes) continue;
        best = std::max(
            {best, Alike(actual.by_number[a], expected.by_number[e]),
             0.7F * worth * Alike(actual.by_file[a], expected.by_file[e])});
      }
    }
    scores[i] += weight * best;
  }
}

}  // namespace

extern constexpr EvidenceKind kStructure = {
    .id = "same-layer-shapes",
    .weight = 0.7F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
