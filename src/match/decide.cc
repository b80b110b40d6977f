#include "match/decide.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace ckptdiff {
namespace {

constexpr float kLeastScore = 2.0F;  // below it nothing is paired
constexpr float kMargin = 0.02F;     // over the next best

struct Best {
  float first = 0, second = 0;
  uint32_t candidate = UINT32_MAX;
};

Best BestOf(const Problem& problem, const std::vector<uint32_t>& some,
            const std::vector<bool>& used_a, const std::vector<bool>& used_e) {
  Best best;
  for (uint32_t i : some) {
    const Proposal& one = problem.candidates[i];
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

std::vector<uint32_t> Row(const Problem& problem, uint32_t a) {
  std::vector<uint32_t> row(problem.row[a + 1] - problem.row[a]);
  std::iota(row.begin(), row.end(), problem.row[a]);
  return row;
}

std::vector<uint32_t> Column(const Problem& problem, uint32_t e) {
  return {problem.by_expected.begin() + problem.column[e],
          problem.by_expected.begin() + problem.column[e + 1]};
}

// Sets of variables whose best candidates are as good as one another.
std::vector<Solution::Tie> Ties(const Problem& problem,
                                const std::vector<bool>& used_a,
                                const std::vector<bool>& used_e) {
  std::vector<Solution::Tie> ties;
  std::vector<bool> seen_a = used_a, seen_e = used_e;
  for (uint32_t first = 0; first < problem.actual.size(); ++first) {
    if (seen_a[first]) continue;
    Solution::Tie tie;
    std::vector<uint32_t> open = {first};
    seen_a[first] = true;
    while (!open.empty()) {
      const uint32_t a = open.back();
      open.pop_back();
      tie.actual.push_back(a);
      const Best best = BestOf(problem, Row(problem, a), used_a, used_e);
      if (best.first < kLeastScore) continue;
      for (uint32_t i : Row(problem, a)) {
        const uint32_t e = problem.candidates[i].expected;
        if (seen_e[e] || problem.candidates[i].score < best.first - kMargin) {
          continue;
        }
        seen_e[e] = true;
        tie.expected.push_back(e);
        const Best back = BestOf(problem, Column(problem, e), used_a, used_e);
        for (uint32_t j : Column(problem, e)) {
          const uint32_t other = problem.candidates[j].actual;
          if (seen_a[other] ||
              problem.candidates[j].score < back.first - kMargin) {
            continue;
          }
          seen_a[other] = true;
          open.push_back(other);
        }
      }
    }
    if (tie.expected.empty()) continue;
    if (tie.actual.size() + tie.expected.size() < 3) continue;
    std::sort(tie.actual.begin(), tie.actual.end());
    std::sort(tie.expected.begin(), tie.expected.end());
    ties.push_back(std::move(tie));
  }
  return ties;
}

}  // namespace

Solution Decide(const Problem& problem) {
  Solution solution;
  std::vector<bool> used_a(problem.actual.size());
  std::vector<bool> used_e(problem.expected.size());
  const std::vector<Proposal>& all = problem.candidates;
  std::vector<uint32_t> order(all.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) {
    if (all[x].score != all[y].score) return all[x].score > all[y].score;
    return x < y;
  });
  for (uint32_t i : order) {
    const Proposal& one = all[i];
    if (used_a[one.actual] || used_e[one.expected]) continue;
    if (one.score < kLeastScore) break;
    const Best row = BestOf(problem, Row(problem, one.actual), used_a, used_e);
    const Best column =
        BestOf(problem, Column(problem, one.expected), used_a, used_e);
    const float margin =
        std::min(row.first - row.second, column.first - column.second);
    if (margin < kMargin) continue;
    used_a[one.actual] = true;
    used_e[one.expected] = true;
    solution.pairs.push_back(
        {.candidate = i, .confidence = std::min(0.99F, 0.5F + margin * 0.8F)});
  }
  solution.ties = Ties(problem, used_a, used_e);
  return solution;
}

}  // namespace ckptdiff
