// Which part of a block comes before which: "norm1" before "norm2" as
// "layernorm_before" before "layernorm_after", or attention's before that of
// the feed-forward part. One pair speaks for the other.

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"
#include "match/steps.h"

namespace ckptdiff {
namespace {

// A part has no more siblings of its kind than this within its block.
constexpr uint32_t kMostSiblings = 8;
constexpr int kLevels = 5;

struct Relation {
  uint32_t other;
  float sign;  // 1: comes before `other`
};

using Relations = std::vector<std::vector<Relation>>;

// For each variable those of its kind in its block that stand before or behind.
Relations RelationsOf(const Side& side, const WordTable& words) {
  const StepReader reader(words);
  std::unordered_map<uint64_t, std::vector<uint32_t>> groups;
  std::vector<uint64_t> kinds(side.size());
  const auto key = [&](uint32_t node, uint32_t v) {
    return (kinds[v] ^ node) * 0x9e3779b97f4a7c15;
  };
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (!side.partnered[v]) continue;
    kinds[v] = ((reader.KindOf(side.names[v]) * 31 +
                 static_cast<uint64_t>(side.names[v].leaf)) *
                    0xbf58476d1ce4e5b9 ^
                side.elements[v])
               << 20;
    uint32_t node = side.leaf_node[v];
    for (int i = 0; i < kLevels && node != Node::kNone; ++i) {
      std::vector<uint32_t>& group = groups[key(node, v)];
      if (group.size() <= kMostSiblings) group.push_back(v);
      node = side.nodes[node].parent;
    }
  }
  Relations relations(side.size());
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (!side.partnered[v]) continue;
    const std::vector<uint32_t>* block = nullptr;
    uint32_t node = side.leaf_node[v];
    for (int i = 0; i < kLevels && node != Node::kNone; ++i) {
      const std::vector<uint32_t>& group = groups[key(node, v)];
      if (group.size() > kMostSiblings) break;
      block = &group;
      node = side.nodes[node].parent;
    }
    if (block == nullptr) continue;
    for (uint32_t other : *block) {
      if (other == v) continue;
      const float sign = reader.Compare(side.names[v], side.names[other]);
      if (sign != 0) relations[v].push_back({other, sign});
    }
  }
  return relations;
}

float BeliefIn(const Problem& problem, uint32_t a, uint32_t e) {
  const std::optional<uint32_t> found = FindCandidate(problem, a, e);
  return found ? problem.candidates[*found].belief : 0;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const Relations actual = RelationsOf(problem.actual, *problem.words);
  const Relations expected = RelationsOf(problem.expected, *problem.words);
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const std::vector<Relation>& a = actual[one.actual];
    const std::vector<Relation>& e = expected[one.expected];
    if (a.empty() || e.empty()) continue;
    float agree = 0;
    for (const Relation& x : a) {
      for (const Relation& y : e) {
        agree += x.sign * y.sign * BeliefIn(problem, x.other, y.other);
      }
    }
    scores[i] +=
        weight * agree / static_cast<float>(std::min(a.size(), e.size()));
  }
}

}  // namespace

extern constexpr EvidenceKind kSteps = {
    .id = "same-step",
    .weight = 0.6F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
