// Equal shapes before transposed ones, and one vote on the orientation: where
// "kernel" turns into a transposed "weight" once, it does so everywhere. The
// vote settles which of two layers is the way up and which the way down.

#include <unordered_map>

#include "match/evidence.h"
#include "match/vocabulary.h"

namespace ckptdiff {
namespace {

struct Ballot {
  float same = 0;
  float permuted = 0;
};

// Variables of one kind: the same last words, as many axes.
uint64_t Kind(const Problem& problem, const Proposal& one) {
  const uint64_t axes =
      problem.expected.variable(one.expected).shape.dims.size();
  const uint64_t a = LastWord(problem.actual.names[one.actual]);
  const uint64_t e = LastWord(problem.expected.names[one.expected]);
  return (a << 36) ^ (e << 4) ^ (axes & 15);
}

// What the last words say before any vote.
Ballot PriorOf(const Problem& problem, const Proposal& one) {
  constexpr float kLikely = 1, kUnlikely = 0.2F;
  const Orientation told = OrientationBetween(
      problem.words->Text(LastWord(problem.actual.names[one.actual])),
      problem.words->Text(LastWord(problem.expected.names[one.expected])));
  return {.same = told == Orientation::kUpright ? kLikely : kUnlikely,
          .permuted = told == Orientation::kTurned ? kLikely : kUnlikely};
}

bool IsSquare(const Shape& shape) {
  for (int64_t dim : shape.dims) {
    if (dim != shape.dims.front()) return false;
  }
  return true;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  std::unordered_map<uint64_t, Ballot> ballots;
  for (const Proposal& one : problem.candidates) {
    if (one.fit != Fit::kSame && one.fit != Fit::kPermuted) continue;
    if (IsSquare(problem.actual.variable(one.actual).shape)) continue;
    Ballot& ballot = ballots[Kind(problem, one)];
    (one.fit == Fit::kSame ? ballot.same : ballot.permuted) += one.belief;
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const Shape& shape = problem.actual.variable(one.actual).shape;
    if (one.fit == Fit::kSingleton || one.fit == Fit::kMerged) {
      scores[i] += weight * 0.5F;
      continue;
    }
    if (IsSquare(shape)) {
      scores[i] += weight;
      continue;
    }
    const Ballot prior = PriorOf(problem, one);
    const Ballot& cast = ballots[Kind(problem, one)];
    const Ballot ballot = {.same = prior.same + cast.same,
                           .permuted = prior.permuted + cast.permuted};
    const float mine = one.fit == Fit::kSame ? ballot.same : ballot.permuted;
    scores[i] += weight * mine / (ballot.same + ballot.permuted);
  }
}

}  // namespace

extern constexpr EvidenceKind kShape = {
    .id = "same-shape",
    .weight = 0.6F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
