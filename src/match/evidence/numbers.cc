// The numbers of both names, as ranks among siblings: "layer_1" of 1..12 is
// "layers.0" of 0..11, "dense" is the first of "dense", "dense_1".

#include <algorithm>
#include <vector>

#include "match/evidence.h"

namespace ckptdiff {
namespace {

constexpr float kSameNumber = 0.8F;

// The same place among as many siblings; less where there are more of them on
// one side. The same number of the same thing is worth something even then.
float Alike(const WordTable& words, const Rank& a, const Rank& b) {
  const float few = static_cast<float>(std::min(a.siblings, b.siblings));
  const float many = static_cast<float>(std::max(a.siblings, b.siblings));
  const float by_rank = a.rank == b.rank ? few / many : 0;
  const bool same = a.number == b.number && words.Likeness(a.of, b.of) > 0.7F;
  return same ? std::max(by_rank, kSameNumber) : by_rank;
}

float Agreement(const WordTable& words, const std::vector<Rank>& a,
                const std::vector<Rank>& b) {
  if (a.empty() && b.empty()) return 0.5F;
  const std::vector<Rank>& few = a.size() < b.size() ? a : b;
  const std::vector<Rank>& many = a.size() < b.size() ? b : a;
  if (a.size() == b.size()) {
    float sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += Alike(words, a[i], b[i]);
    return sum / static_cast<float>(a.size());
  }
  // The best way to fit the shorter list into the longer one.
  std::vector<float> best(many.size() + 1);
  for (const Rank& one : few) {
    float diagonal = 0;
    for (size_t j = 0; j < many.size(); ++j) {
      const float above = best[j + 1];
      best[j + 1] =
          std::max({above, best[j], diagonal + Alike(words, one, many[j])});
      diagonal = above;
    }
  }
  return best.back() / static_cast<float>(many.size());
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    scores[i] +=
        weight * Agreement(*problem.words, problem.actual.ranks[one.actual],
                           problem.expected.ranks[one.expected]);
  }
}

}  // namespace

extern constexpr EvidenceKind kNumbers = {
    .id = "same-position",
    .weight = 1.0F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
