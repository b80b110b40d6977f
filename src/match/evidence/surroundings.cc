// Context: a pair of variables speaks for the places that hold them, and
// these for all that they hold.

#include <algorithm>
#include <cmath>
#include <vector>

#include "match/evidence.h"
#include "match/tally.h"

namespace ckptdiff {
namespace {

uint64_t Key(uint32_t a, uint32_t b) { return (uint64_t{a} << 32) | b; }

// How much of the belief of each pair of places meets.
Tally Meet(const Problem& problem) {
  Tally leaves;
  for (const Proposal& one : problem.candidates) {
    if (one.belief < 0.01F) continue;
    leaves[Key(problem.actual.leaf_node[one.actual],
               problem.expected.leaf_node[one.expected])] += one.belief;
  }
  Tally meet;
  for (const auto& [key, belief] : leaves.entries()) {
    for (uint32_t a = static_cast<uint32_t>(key >> 32); a != Node::kNone;
         a = problem.actual.nodes[a].parent) {
      for (uint32_t e = static_cast<uint32_t>(key); e != Node::kNone;
           e = problem.expected.nodes[e].parent) {
        meet[Key(a, e)] += belief;
      }
    }
  }
  return meet;
}

std::vector<uint32_t> Chain(const Side& side, uint32_t node) {
  std::vector<uint32_t> chain;
  for (; node != Node::kNone; node = side.nodes[node].parent) {
    chain.push_back(node);
  }
  return chain;
}

float Around(const Problem& problem, const Tally& meet, uint32_t a,
             uint32_t e) {
  const std::vector<uint32_t> x = Chain(problem.actual, a);
  const std::vector<uint32_t> y = Chain(problem.expected, e);
  std::vector<float> best_x(x.size()), best_y(y.size());
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = 0; j < y.size(); ++j) {
      const float met = meet.At(Key(x[i], y[j]));
      if (met == 0) continue;
      const float size =
          static_cast<float>(problem.actual.nodes[x[i]].partnered +
                             problem.expected.nodes[y[j]].partnered);
      const float overlap = std::min(1.0F, 2 * met / size);
      best_x[i] = std::max(best_x[i], overlap);
      best_y[j] = std::max(best_y[j], overlap);
    }
  }
  float sum = 0, all = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    sum += best_x[i];
    all += 1;
  }
  for (size_t j = 0; j < y.size(); ++j) {
    sum += best_y[j];
    all += 1;
  }
  return sum / all;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const Tally meet = Meet(problem);
  Tally around;
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const uint32_t a = problem.actual.leaf_node[one.actual];
    const uint32_t e = problem.expected.leaf_node[one.expected];
    float& value = around[Key(a, e)];
    if (value == 0) value = Around(problem, meet, a, e);
    scores[i] += weight * value;
  }
}

}  // namespace

extern constexpr EvidenceKind kSurroundings = {
    .id = "same-surroundings",
    .weight = 2.0F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
