#include "causes/common_ground.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

namespace ckptdiff {
namespace {

// Of the smaller side; a layer that happens to fit is no kinship.
constexpr double kNextToNothing = 0.15;

// A name that was found is worth more than one that was inferred, and one
// whose variable was resized still says which model this is.
double Common(const Comparison& comparison) {
  double common = 0;
  for (const Pair& pair : comparison.pairing().pairs) {
    const Variable& want = comparison.expected(pair.expected);
    if (want.role != Role::kWeight) continue;
    const Shape& have = comparison.actual(pair.actual).shape;
    const bool is_resized = pair.transform.empty() && !have.Agrees(want.shape);
    const bool is_found =
        pair.how != How::kRenamed ||
        std::count(pair.evidence.begin(), pair.evidence.end(), "same-suffix");
    if (is_resized &&
        (!is_found || have.dims.size() != want.shape.dims.size())) {
      continue;
    }
    common += is_resized || pair.how == How::kRenamed ? 0.5 : 1;
  }
  for (const Group& group : comparison.pairing().groups) {
    common += static_cast<double>(
        std::max(group.actual.size(), group.expected.size()));
  }
  for (const Ambiguity& set : comparison.pairing().ambiguous) {
    // At best they were renamed.
    common += 0.5 * static_cast<double>(
                        std::min(set.actual.size(), set.expected.size()));
  }
  return common;
}

// How many weights would find one of their shape on the other side: in another
// model, some; in the same one under other names, all.
size_t ShapesInCommon(const Comparison& comparison) {
  std::map<std::vector<int64_t>, size_t> shapes;
  for (const Variable& variable : comparison.actual().variables) {
    if (variable.role == Role::kWeight) ++shapes[variable.shape.dims];
  }
  size_t common = 0;
  for (const Variable& variable : comparison.expected().variables) {
    if (variable.role != Role::kWeight) continue;
    auto found = shapes.find(variable.shape.dims);
    if (found == shapes.end() || found->second == 0) continue;
    --found->second;
    ++common;
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
  if (Common(comparison) > kNextToNothing * static_cast<double>(smaller)) {
    return false;
  }
  return ShapesInCommon(comparison) * 10 <= smaller * 9;
}

}  // namespace ckptdiff
