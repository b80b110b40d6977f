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
  for (uint32_t v : side.by_creation) {
    if (side.partnered[v]) variables.push_back(v);
  }
  return variables;
}

// The share of both lists that lines up; 0 where there is nothing to align.
float ShareOf(const std::vector<uint32_t>& partner, size_t other) {
  size_t common = 0;
  for (uint32_t one : partner) common += one == kUnaligned ? 0 : 1;
  return 2 * static_cast<float>(common) /
         static_cast<float>(partner.size() + other);
}

// Every list lines up a little with every other one: how much this one would
// if it were shuffled.
float ShareByChance(const std::vector<uint64_t>& a, std::vector<uint64_t> b) {
  uint64_t state = 1;
  for (size_t i = b.size(); i > 1; --i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    std::swap(b[i - 1], b[(state >> 33) % i]);
  }
  return ShareOf(Align(a, b, kMostDifferences), b.size());
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const std::vector<uint32_t> a = Partnered(problem.actual);
  const std::vector<uint32_t> e = Partnered(problem.expected);
  std::vector<uint64_t> x, y;
  for (uint32_t v : a) x.push_back(problem.actual.elements[v]);
  for (uint32_t v : e) y.push_back(problem.expected.elements[v]);
  const std::vector<uint32_t> partner = Align(x, y, kMostDifferences);
  const float share = ShareOf(partner, y.size());
  const float chance = ShareByChance(x, y);
  if (!(share > chance)) return;
  float sure = std::pow((share - chance) / (1 - chance), 3.0F);
  sure *= std::min(problem.actual.order_worth, problem.expected.order_worth);
  if (problem.actual.is_sorted != problem.expected.is_sorted) sure *= 0.3F;
  std::vector<uint32_t> of(problem.actual.size(), kUnaligned);
  for (size_t i = 0; i < partner.size(); ++i) {
    if (partner[i] != kUnaligned) of[a[i]] = e[partner[i]];
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    if (of[one.actual] == one.expected) scores[i] += weight * sure;
  }
}

}  // namespace

extern constexpr EvidenceKind kSequence = {
    .id = "same-sequence",
    .weight = 1.2F,
    .every_round = false,
    .where_names_are_silent = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
