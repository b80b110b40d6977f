// The last word of both names: kernel and weight, beta and bias. Where a name
// ends in a number ("vars/0"), its place among its siblings stands for it.

#include <algorithm>
#include <vector>

#include "match/evidence.h"

namespace ckptdiff {
namespace {

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const Name& a = problem.actual.names[one.actual];
    const Name& e = problem.expected.names[one.expected];
    if (a.leaf == LeafKind::kNumber || e.leaf == LeafKind::kNumber) {
      scores[i] += weight * (a.leaf == e.leaf ? 0.9F : 0.5F);
    } else if (a.leaf != e.leaf) {
      scores[i] += weight * 0.2F;
    } else {
      const float alike = problem.words->Likeness(LastWord(a), LastWord(e));
      scores[i] += weight * (a.leaf == LeafKind::kOther ? alike
                             : alike == 1               ? 1.0F
                                                        : 0.95F);
    }
  }
}

}  // namespace

extern constexpr EvidenceKind kLeaf = {
    .id = "same-kind",
    .weight = 0.6F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
