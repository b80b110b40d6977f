#include "match/solve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "match/evidence.h"

namespace ckptdiff {

extern const Evidence kEqualName;
extern const Evidence kLeaf;
extern const Evidence kNumbers;
extern const Evidence kRewrites;
extern const Evidence kSequence;
extern const Evidence kShape;
extern const Evidence kSiblings;
extern const Evidence kStructure;
extern const Evidence kSurroundings;
extern const Evidence kWords;

namespace {

constexpr const Evidence* kAll[] = {
    &kEqualName, &kLeaf,     &kNumbers,   &kRewrites,     &kSequence,
    &kShape,     &kSiblings, &kStructure, &kSurroundings, &kWords,
};

constexpr size_t kMostRivals = 24;
constexpr int kRounds = 8;

void Weigh(const Problem& problem, bool every_round,
           std::vector<float>* scores) {
  for (const Evidence* evidence : kAll) {
    if (evidence->every_round != every_round) continue;
    evidence->weigh(problem, evidence->weight, *scores);
  }
}

// Keeps the best of each row and column.
void Prune(Problem* problem) {
  std::vector<Candidate>& all = problem->candidates;
  std::vector<bool> keep(all.size());
  const auto keep_best = [&](std::vector<uint32_t> some) {
    if (some.size() > kMostRivals) {
      std::nth_element(some.begin(), some.begin() + kMostRivals, some.end(),
                       [&](uint32_t x, uint32_t y) {
                         if (all[x].likeness != all[y].likeness) {
                           return all[x].likeness > all[y].likeness;
                         }
                         return x < y;
                       });
      some.resize(kMostRivals);
    }
    for (uint32_t i : some) keep[i] = true;
  };
  for (size_t a = 0; a < problem->actual.size(); ++a) {
    std::vector<uint32_t> some(problem->row[a + 1] - problem->row[a]);
    std::iota(some.begin(), some.end(), problem->row[a]);
    keep_best(std::move(some));
  }
  for (size_t e = 0; e < problem->expected.size(); ++e) {
    keep_best({problem->by_expected.begin() + problem->column[e],
               problem->by_expected.begin() + problem->column[e + 1]});
  }
  size_t kept = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (keep[i]) all[kept++] = all[i];
  }
  all.resize(kept);
  Index(problem);
}

// Score against rivals on both sides, as a share.
void Believe(Problem* problem, float sharpness) {
  std::vector<Candidate>& all = problem->candidates;
  constexpr float kLow = std::numeric_limits<float>::lowest();
  std::vector<float> top_a(problem->actual.size(), kLow);
  std::vector<float> top_e(problem->expected.size(), kLow);
  for (const Candidate& one : all) {
    top_a[one.actual] = std::max(top_a[one.actual], one.score);
    top_e[one.expected] = std::max(top_e[one.expected], one.score);
  }
  std::vector<float> sum_a(problem->actual.size());
  std::vector<float> sum_e(problem->expected.size());
  for (const Candidate& one : all) {
    sum_a[one.actual] += std::exp(sharpness * (one.score - top_a[one.actual]));
    sum_e[one.expected] +=
        std::exp(sharpness * (one.score - top_e[one.expected]));
  }
  for (Candidate& one : all) {
    one.belief = std::exp(sharpness * (one.score - top_a[one.actual])) /
                 sum_a[one.actual] *
                 std::exp(sharpness * (one.score - top_e[one.expected])) /
                 sum_e[one.expected];
  }
}

struct Best {
  float first = 0, second = 0;
  uint32_t candidate = UINT32_MAX;
};

Best BestOf(const Problem& problem, const std::vector<uint32_t>& some,
            const std::vector<bool>& used_a, const std::vector<bool>& used_e) {
  Best best;
  for (uint32_t i : some) {
    const Candidate& one = problem.candidates[i];
    if (used_a[one.actual] || used_e[one.expected]) continue;
    if (best.candidate == UINT32_MAX || one.score > best.first) {
      best.second = best.candidate == UINT32_MAX ? 0 : best.first;
      best.first = one.score;
      best.candidate = i;
    } else {
      best.second = std::max(best.second, one.score);
    }
  }
  return best;
}

Solution Decide(const Problem& problem) {
  Solution solution;
  std::vector<bool> used_a(problem.actual.size());
  std::vector<bool> used_e(problem.expected.size());
  const std::vector<Candidate>& all = problem.candidates;
  std::vector<uint32_t> order(all.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
    if (all[x].score != all[y].score) return all[x].score > all[y].score;
    return x < y;
  });
  for (uint32_t i : order) {
    const Candidate& one = all[i];
    if (used_a[one.actual] || used_e[one.expected]) continue;
    std::vector<uint32_t> row(problem.row[one.actual + 1] -
                              problem.row[one.actual]);
    std::iota(row.begin(), row.end(), problem.row[one.actual]);
    const Best r = BestOf(problem, row, used_a, used_e);
    const Best c =
        BestOf(problem,
               {problem.by_expected.begin() + problem.column[one.expected],
                problem.by_expected.begin() + problem.column[one.expected + 1]},
               used_a, used_e);
    const float margin = std::min(r.first - r.second, c.first - c.second);
    if (margin < 0.02F || one.score < 2.0F) continue;
    used_a[one.actual] = true;
    used_e[one.expected] = true;
    const float confidence = std::min(0.99F, 0.5F + margin * 0.8F);
    solution.pairs.push_back({i, confidence});
  }
  return solution;
}

}  // namespace

Solution Solve(Problem* problem) {
  std::vector<Candidate>& all = problem->candidates;
  std::vector<float> scores(all.size());
  Weigh(*problem, false, &scores);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].likeness = all[i].score = scores[i];
  }
  Prune(problem);
  for (int round = 0; round < kRounds; ++round) {
    Believe(problem, 2.0F + 1.5F * static_cast<float>(round));
    scores.assign(all.size(), 0);
    Weigh(*problem, true, &scores);
    for (size_t i = 0; i < all.size(); ++i) {
      all[i].score = all[i].likeness + scores[i];
    }
  }
  return Decide(*problem);
}

}  // namespace ckptdiff
