// Whose slots are these, where a file numbers them only: PyTorch stores an
// optimizer's state under 0, 1, 2 … in the order in which it got the
// parameters, group by group, and no names.

#ifndef CKPTDIFF_LAYOUT_OWNER_ORDER_H_
#define CKPTDIFF_LAYOUT_OWNER_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// The shapes of one group's parameters, in its order; unknown where there is no
// state to tell it.
using OwnerGroup = std::vector<Shape>;

// For each group and each of its members the index of its parameter, or
// kOpenOwner where several are possible: a wrong owner is worse than none.
using OwnerIndices = std::vector<std::vector<size_t>>;
inline constexpr size_t kOpenOwner = SIZE_MAX;

// What all possible readings agree on: each group keeps the model's order, no
// parameter is in two places, some may be in no group (frozen). Groups may be
// interleaved (weights with decay first, biases without). Where no such reading
// exists, AlignOwnersByShape. nullopt where that has none either.
std::optional<OwnerIndices> AlignOwners(std::span<const Shape> parameters,
                                        std::span<const OwnerGroup> groups);

// The same where the order of the parameters is not the model's (a safetensors
// file is sorted): only a shape that nothing else has decides. nullopt where
// the groups hold more of a shape than there are parameters.
std::optional<OwnerIndices> AlignOwnersByShape(
    std::span<const Shape> parameters, std::span<const OwnerGroup> groups);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_OWNER_ORDER_H_
