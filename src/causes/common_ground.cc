#include "causes/common_ground.h"

#include <algorithm>

namespace ckptdiff {
namespace {

// Of the smaller side; a layer that happens to fit is no kinship.
constexpr double kNextToNothing = 0.15;

size_t Common(const Comparison& comparison) {
  size_t common = 0;
  for (const Pair& pair : comparison.pairing().pairs) {
    const Variable& want = comparison.expected(pair.expected);
    if (want.role != Role::kWeight) continue;
    const Shape& have = comparison.actual(pair.actual).shape;
    if (!pair.transform.empty() || have.Agrees(want.shape)) ++common;
  }
  for (const Group& group : comparison.pairing().groups) {
    common += std::max(group.actual.size(), group.expected.size());
  }
  for (const Ambiguity& set : comparison.pairing().ambiguous) {
    common += std::min(set.actual.size(), set.expected.size());
  }
  return common;
}

}  // namespace

size_t WeightsOf(const Layout& layout) {
  return static_cast<size_t>(std::count_if(
      layout.variables.begin(), layout.variables.end(),
      [](const Variable& variable) { return variable.role == Role::kWeight; }));
}

bool NothingInCommon(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  const size_t smaller = std::min(WeightsOf(comparison.actual()),
                                  WeightsOf(comparison.expected()));
  if (smaller == 0) return false;
  return static_cast<double>(Common(comparison)) <=
         kNextToNothing * static_cast<double>(smaller);
}

}  // namespace ckptdiff
