#include "match/shapes.h"

#include <algorithm>
#include <vector>

namespace ckptdiff {
namespace {

using Dims = std::vector<int64_t>;

Dims WithoutOnes(const Shape& shape) {
  Dims dims;
  for (int64_t dim : shape.dims) {
    if (dim != 1) dims.push_back(dim);
  }
  return dims;
}

Dims Sorted(Dims dims) {
  std::sort(dims.begin(), dims.end());
  return dims;
}

// Cuts `fine` into as many runs as `coarse` has axes, so that the products of
// the runs are these axes. Short lists only: shapes have few axes.
bool CutsInto(const Dims& fine, size_t from, Dims rest) {
  if (rest.empty()) return from == fine.size();
  int64_t product = 1;
  for (size_t i = from; i < fine.size(); ++i) {
    if (__builtin_mul_overflow(product, fine[i], &product)) return false;
    auto found = std::find(rest.begin(), rest.end(), product);
    if (found == rest.end()) continue;
    Dims others = rest;
    others.erase(others.begin() + (found - rest.begin()));
    if (CutsInto(fine, i + 1, others)) return true;
  }
  return false;
}

bool IsMerged(const Dims& a, const Dims& b) {
  const Dims& fine = a.size() > b.size() ? a : b;
  const Dims& coarse = a.size() > b.size() ? b : a;
  if (fine.size() == coarse.size() || fine.size() > 6) return false;
  return CutsInto(fine, 0, coarse);
}

bool HasUnknown(const Shape& shape) {
  return !shape.known || std::count(shape.dims.begin(), shape.dims.end(),
                                    Shape::kUnknownDim) > 0;
}

}  // namespace

Fit FitOf(const Shape& actual, const Shape& expected) {
  if (actual.Agrees(expected)) return Fit::kSame;
  if (HasUnknown(actual) || HasUnknown(expected)) return Fit::kNone;
  const Dims a = WithoutOnes(actual), b = WithoutOnes(expected);
  if (a == b) return Fit::kSingleton;
  if (Sorted(a) == Sorted(b)) return Fit::kPermuted;
  return IsMerged(a, b) ? Fit::kMerged : Fit::kNone;
}

std::string ReshapeOf(const Shape& actual, const Shape& expected) {
  if (HasUnknown(actual) || HasUnknown(expected)) return "";
  const size_t a = actual.dims.size(), b = expected.dims.size();
  if (actual.dims == expected.dims) return "";
  switch (FitOf(actual, expected)) {
    case Fit::kSingleton:
      if (a == b) return "reshape";
      return a > b ? "squeeze" : "unsqueeze";
    case Fit::kPermuted: return "reshape+permute";
    case Fit::kMerged: return "reshape";
    default: return "";
  }
}

}  // namespace ckptdiff
