#include "match/problem.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "match/creation.h"

namespace ckptdiff {
namespace {

// Buckets up to this size are weighed whole.
constexpr size_t kWholeBucket = 600;
constexpr size_t kWindow = 24;

// Candidates for `a`: all of its size, or of very many those about as far down
// the list as itself.
std::span<const uint32_t> Rivals(const Problem* problem, uint32_t a,
                                 const std::vector<uint32_t>& bucket) {
  if (bucket.size() <= kWholeBucket) return bucket;
  const size_t at = bucket.size() * a / problem->actual.size();
  const size_t begin = at < kWindow ? 0 : at - kWindow;
  const size_t end = std::min(bucket.size(), at + kWindow);
  return std::span(bucket).subspan(begin, end - begin);
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
    for (uint32_t e : Rivals(problem, a, found->second)) {
      if (Contradict(actual.names[a].leaf, expected.names[e].leaf)) continue;
      const Fit fit =
          FitOf(actual.variable(a).shape, expected.variable(e).shape);
      if (fit == Fit::kNone) continue;
      problem->candidates.push_back({.actual = a, .expected = e, .fit = fit});
      actual.partnered[a] = true;
      expected.partnered[e] = true;
    }
  }
  for (Side* side : {&actual, &expected}) {
    Arrange(*problem->words, side);
    FillCreation(side);
  }
  Index(problem);
}

void Index(Problem* problem) {
  const std::vector<Proposal>& all = problem->candidates;
  problem->row.assign(problem->actual.size() + 1, 0);
  problem->column.assign(problem->expected.size() + 1, 0);
  for (const Proposal& one : all) {
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

std::optional<uint32_t> FindCandidate(const Problem& problem, uint32_t actual,
                                      uint32_t expected) {
  const auto begin = problem.candidates.begin() + problem.row[actual];
  const auto end = problem.candidates.begin() + problem.row[actual + 1];
  const auto found = std::lower_bound(
      begin, end, expected,
      [](const Proposal& one, uint32_t want) { return one.expected < want; });
  if (found == end || found->expected != expected) return std::nullopt;
  return static_cast<uint32_t>(found - problem.candidates.begin());
}

}  // namespace ckptdiff
