// Arithmetic with dimensions of which some are unknown (-1): what depends on
// an unknown one is unknown.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_DIMS_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_DIMS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

constexpr int64_t kUnknownDim = Shape::kUnknownDim;

// Both throw ParseError where the result is no size that an array can have.
int64_t AddDim(int64_t a, int64_t b);
int64_t MulDim(int64_t a, int64_t b);
// Rounded up; `divisor` is above 0.
int64_t CeilDivDim(int64_t a, int64_t divisor);

// A window of `size` that moves by `stride` over `length`, as convolutions and
// pooling do it. `padding` is "valid", "same", "causal" (or Keras 1's).
int64_t WindowDim(int64_t length, int64_t size, int64_t stride,
                  std::string_view padding, int64_t dilation = 1);

// The product of [first, last) of a known shape.
int64_t ProductDim(const std::vector<int64_t>& dims, size_t first, size_t last);

// -1 is the last axis; `rank` where there is no such axis.
size_t NormalizeAxis(int64_t axis, size_t rank);

// The shape of an elementwise operation over both; unknown where they clash.
Shape Broadcast(const Shape& a, const Shape& b);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_DIMS_H_
