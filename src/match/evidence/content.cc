// Equal values: as stored checksums tell, or as they were read.

#include "match/evidence.h"

namespace ckptdiff {
namespace {

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (problem.candidates[i].has_same_values) scores[i] += weight;
  }
}

}  // namespace

extern constexpr EvidenceKind kContent = {
    .id = "same-content",
    .weight = 6.0F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
