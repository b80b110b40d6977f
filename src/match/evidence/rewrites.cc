// Rewrites learned from the pair at hand: if eleven layers turn
// "layer.N.mlp.c_fc" into "h.N.fc1", the twelfth does as well.

#include "match/evidence.h"
#include "match/tally.h"

namespace ckptdiff {
namespace {

uint64_t Key(uint64_t a, uint64_t b) { return a * 0x9e3779b97f4a7c15 ^ b; }

using Patterns = std::vector<uint64_t>;

// Adds the share of its patterns' belief that each candidate's rewrite has.
void AddShares(const Problem& problem, const Patterns& of_actual,
               const Patterns& of_expected, float weight,
               std::span<float> scores) {
  Tally both, actual, expected;
  for (const Proposal& one : problem.candidates) {
    const uint64_t a = of_actual[one.actual];
    const uint64_t e = of_expected[one.expected];
    both[Key(a, e)] += one.belief;
    actual[a] += one.belief;
    expected[e] += one.belief;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const uint64_t a = of_actual[one.actual];
    const uint64_t e = of_expected[one.expected];
    const float shared = both.At(Key(a, e));
    const float of = actual.At(a) + expected.At(e) - shared;
    if (of > 0) scores[i] += weight * shared / of;
  }
}

// Names without numbers, and with those that count the parts of a block.
void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const Side &a = problem.actual, &e = problem.expected;
  AddShares(problem, a.patterns, e.patterns, 0.5F * weight, scores);
  AddShares(problem, a.part_patterns, e.part_patterns, 0.5F * weight, scores);
}

}  // namespace

extern constexpr EvidenceKind kRewrites = {
    .id = "learned-rewrite",
    .weight = 0.8F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
