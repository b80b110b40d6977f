#include "match/problem.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace ckptdiff {
namespace {

bool Contradict(LeafKind a, LeafKind b) {
  const auto is_open = [](LeafKind kind) {
    return kind == LeafKind::kOther || kind == LeafKind::kNumber;
  };
  return a != b && !is_open(a) && !is_open(b);
}

}  // namespace

void FindCandidates(Problem* problem) {
  Side &actual = problem->actual, &expected = problem->expected;
  std::map<uint64_t, std::vector<uint32_t>> buckets;
  for (uint32_t e = 0; e < expected.size(); ++e) {
    buckets[expected.elements[e]].push_back(e);
  }
  for (uint32_t a = 0; a < actual.size(); ++a) {
    auto found = buckets.find(actual.elements[a]);
    if (found == buckets.end()) continue;
    for (uint32_t e : found->second) {
      if (Contradict(actual.names[a].leaf, expected.names[e].leaf)) continue;
      const Fit fit =
          FitOf(actual.variable(a).shape, expected.variable(e).shape);
      if (fit == Fit::kNone) continue;
      problem->candidates.push_back({.actual = a, .expected = e, .fit = fit});
      actual.partnered[a] = true;
      expected.partnered[e] = true;
    }
  }
  Arrange(&actual);
  Arrange(&expected);
  Index(problem);
}

void Index(Problem* problem) {
  const std::vector<Candidate>& all = problem->candidates;
  problem->row.assign(problem->actual.size() + 1, 0);
  problem->column.assign(problem->expected.size() + 1, 0);
  for (const Candidate& one : all) {
    ++problem->row[one.actual + 1];
    ++problem->column[one.expected + 1];
  }
  std::partial_sum(problem->row.begin(), problem->row.end(),
                   problem->row.begin());
  std::partial_sum(problem->column.begin(), problem->column.end(),
                   problem->column.begin());
  problem->by_expected.resize(all.size());
  std::vector<uint32_t> at(problem->column.begin(), problem->column.end());
  for (uint32_t i = 0; i < all.size(); ++i) {
    problem->by_expected[at[all[i].expected]++] = i;
  }
}

}  // namespace ckptdiff
