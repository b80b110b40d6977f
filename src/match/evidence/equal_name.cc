// Equal names.

#include "match/evidence.h"

namespace ckptdiff {
namespace {

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    if (problem.actual.variable(one.actual).name ==
        problem.expected.variable(one.expected).name) {
      scores[i] += weight;
    }
  }
}

}  // namespace

extern constexpr EvidenceKind kEqualName = {
    .id = "same-name",
    .weight = 0.5F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
