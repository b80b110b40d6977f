// Rewrites learned from the pair at hand: if eleven layers turn
// "layer.N.mlp.c_fc" into "h.N.fc1", the twelfth does as well.

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"
#include "match/evidence.h"

namespace ckptdiff {
namespace {

uint64_t Key(uint64_t a, uint64_t b) { return a * 0x9e3779b97f4a7c15 ^ b; }

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  std::unordered_map<uint64_t, float> both, actual, expected;
  for (const Proposal& one : problem.candidates) {
    const uint64_t a = problem.actual.patterns[one.actual];
    const uint64_t e = problem.expected.patterns[one.expected];
    both[Key(a, e)] += one.belief;
    actual[a] += one.belief;
    expected[e] += one.belief;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const uint64_t a = problem.actual.patterns[one.actual];
    const uint64_t e = problem.expected.patterns[one.expected];
    const float of = actual[a] + expected[e] - both[Key(a, e)];
    if (of > 0) scores[i] += weight * both[Key(a, e)] / of;
  }
}

}  // namespace

extern constexpr EvidenceKind kRewrites = {
    .id = "learned-rewrite",
    .weight = 0.8F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
