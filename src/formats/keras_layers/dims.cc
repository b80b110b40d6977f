#include "formats/keras_layers/dims.h"

#include <algorithm>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

// Beyond it no dimension is meant seriously, and no sum of two overflows.
constexpr int64_t kLargest = int64_t{1} << 53;

int64_t Checked(bool fits) {
  if (!fits) throw Corrupt("config", "a dimension is larger than 2^53");
  return 0;
}

}  // namespace

int64_t AddDim(int64_t a, int64_t b) {
  if (a == kUnknownDim || b == kUnknownDim) return kUnknownDim;
  Checked(a <= kLargest - b);
  return a + b;
}

int64_t MulDim(int64_t a, int64_t b) {
  if (a == kUnknownDim || b == kUnknownDim) return kUnknownDim;
  Checked(a == 0 || b <= kLargest / a);
  return a * b;
}

int64_t CeilDivDim(int64_t a, int64_t divisor) {
  if (a == kUnknownDim) return kUnknownDim;
  return (a + divisor - 1) / divisor;
}

int64_t WindowDim(int64_t length, int64_t size, int64_t stride,
                  std::string_view padding, int64_t dilation) {
  if (length == kUnknownDim || stride < 1) return kUnknownDim;
  if (padding == "same" || padding == "causal" || padding == "half") {
    return CeilDivDim(length, stride);
  }
  int64_t reach = AddDim(MulDim(std::max<int64_t>(size - 1, 0), dilation), 1);
  if (length < reach) return 0;
  return (length - reach) / stride + 1;
}

int64_t ProductDim(const std::vector<int64_t>& dims, size_t first,
                   size_t last) {
  int64_t product = 1;
  for (size_t i = first; i < last; ++i) product = MulDim(product, dims[i]);
  return product;
}

size_t NormalizeAxis(int64_t axis, size_t rank) {
  int64_t signed_rank = static_cast<int64_t>(rank);
  if (axis < 0) axis += signed_rank;
  if (axis < 0 || axis >= signed_rank) return rank;
  return static_cast<size_t>(axis);
}

Shape Broadcast(const Shape& a, const Shape& b) {
  if (!a.known || !b.known) return Shape::Unknown();
  const Shape& longer = a.dims.size() >= b.dims.size() ? a : b;
  const Shape& shorter = a.dims.size() >= b.dims.size() ? b : a;
  Shape result = longer;
  size_t offset = longer.dims.size() - shorter.dims.size();
  for (size_t i = 0; i < shorter.dims.size(); ++i) {
    int64_t& dim = result.dims[offset + i];
    int64_t other = shorter.dims[i];
    if (dim == 1 || (dim == kUnknownDim && other != 1)) dim = other;
  }
  return result;
}

}  // namespace ckptdiff
