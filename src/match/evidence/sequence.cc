// The order of both files, where both are worth something: the longest common
// sequence of shapes, as diff aligns lines.

#include <algorithm>
#include <cmath>
#include <vector>

#include "match/alignment.h"
#include "match/evidence.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kMostDifferences = 600;

std::vector<uint32_t> Partnered(const Side& side) {
  std::vector<uint32_t> variables;
  for (uint32_t v = 0; v < side.size(); ++v) {
    if (side.partnered[v]) variables.push_back(v);
  }
  return variables;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const float worth = problem.actual.order_worth * problem.expected.order_worth;
  if (worth <= 0) return;
  const std::vector<uint32_t> a = Partnered(problem.actual);
  const std::vector<uint32_t> e = Partnered(problem.expected);
  std::vector<uint64_t> x, y;
  for (uint32_t v : a) x.push_back(problem.actual.elements[v]);
  for (uint32_t v : e) y.push_back(problem.expected.elements[v]);
  const std::vector<uint32_t> partner = Align(x, y, kMostDifferences);
  std::vector<uint32_t> of(problem.actual.size(), UINT32_MAX);
  size_t common = 0;
  for (size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] == kUnaligned) continue;
    of[a[i]] = e[partner[i]];
    ++common;
  }
  const float share =
      2 * static_cast<float>(common) / static_cast<float>(a.size() + e.size());
  const float sure = worth * std::pow(share, 6.0F);
  for (size_t i = 0; i < scores.size(); ++i) {
    const Candidate& one = problem.candidates[i];
    if (of[one.actual] == one.expected) scores[i] += weight * sure;
  }
}

}  // namespace

extern constexpr Evidence kSequence = {
    .id = "same-order",
    .weight = 0.8F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
