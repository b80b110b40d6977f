// How parts are joined to a whole, told from their shapes.

#ifndef CKPTDIFF_MATCH_JOIN_METHOD_H_
#define CKPTDIFF_MATCH_JOIN_METHOD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ckptdiff {

using Dims = std::vector<int64_t>;

// The axis of the whole along which equal parts lie side by side as slices.
std::optional<size_t> StackAxis(std::span<const Dims> parts, const Dims& whole);

// "concat axis 0", "stack axis 0", "transpose, concat axis 1"; "split" for
// both from the whole's side; "reorder" where no axis joins them. `is_turned`
// says that the names speak for a transposition, which squares cannot show.
std::string JoinMethod(std::vector<Dims> parts, const Dims& whole,
                       bool is_split, bool is_turned);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_JOIN_METHOD_H_
