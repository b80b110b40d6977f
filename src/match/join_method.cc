#include "match/join_method.h"

#include <algorithm>

#include <fmt/format.h>

namespace ckptdiff {

std::optional<size_t> StackAxis(std::span<const Dims> parts,
                                const Dims& whole) {
  const Dims& first = parts.front();
  const auto is_first = [&](const Dims& part) { return part == first; };
  if (whole.size() != first.size() + 1 ||
      !std::all_of(parts.begin(), parts.end(), is_first)) {
    return std::nullopt;
  }
  for (size_t axis = 0; axis < whole.size(); ++axis) {
    Dims slice = whole;
    slice.erase(slice.begin() + static_cast<ptrdiff_t>(axis));
    if (slice == first && whole[axis] == static_cast<int64_t>(parts.size())) {
      return axis;
    }
  }
  return std::nullopt;
}

namespace {

// The axis of the whole along which the parts follow one another.
std::optional<size_t> ConcatAxis(std::span<const Dims> parts,
                                 const Dims& whole) {
  for (size_t axis = 0; axis < whole.size(); ++axis) {
    int64_t sum = 0;
    const auto fits = [&](const Dims& part) {
      if (part.size() != whole.size()) return false;
      Dims rest = part;
      rest[axis] = whole[axis];
      sum += part[axis];
      return rest == whole;
    };
    if (std::all_of(parts.begin(), parts.end(), fits) && sum == whole[axis]) {
      return axis;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string JoinMethod(std::vector<Dims> parts, const Dims& whole,
                       bool is_split, bool is_turned) {
  if (const auto axis = StackAxis(parts, whole)) {
    return fmt::format("{} axis {}", is_split ? "split" : "stack", *axis);
  }
  const auto join = [&](std::string_view before) -> std::optional<std::string> {
    const auto axis = ConcatAxis(parts, whole);
    if (!axis) return std::nullopt;
    return fmt::format("{}{} axis {}", before, is_split ? "split" : "concat",
                       *axis);
  };
  const auto upright = join("");
  if (whole.size() != 2 || (upright && !is_turned)) {
    return upright.value_or("reorder");
  }
  for (Dims& part : parts) std::reverse(part.begin(), part.end());
  const auto turned = join("transpose, ");
  return turned ? *turned : upright.value_or("reorder");
}

}  // namespace ckptdiff
