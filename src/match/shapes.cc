#include "match/shapes.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

// Of the frameworks' own conversions first, else the first one that fits.
std::string Permutation(const Dims& actual, const Dims& expected) {
  static const std::vector<std::vector<size_t>> usual = {
      {2, 3, 1, 0}, {3, 2, 0, 1}, {2, 3, 0, 1},    {2, 1, 0},
      {1, 2, 0},    {2, 0, 1},    {2, 3, 4, 1, 0}, {4, 3, 0, 1, 2}};
  auto fits = [&](const std::vector<size_t>& axes) {
    if (axes.size() != actual.size()) return false;
    for (size_t i = 0; i < axes.size(); ++i) {
      if (expected[i] != actual[axes[i]]) return false;
    }
    return true;
  };
  for (const std::vector<size_t>& axes : usual) {
    if (fits(axes)) return fmt::format("permute:{}", fmt::join(axes, ","));
  }
  std::vector<size_t> axes;
  std::vector<bool> used(actual.size());
  for (int64_t dim : expected) {
    for (size_t i = 0; i < actual.size(); ++i) {
      if (used[i] || actual[i] != dim) continue;
      used[i] = true;
      axes.push_back(i);
      break;
    }
  }
  return fmt::format("permute:{}", fmt::join(axes, ","));
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

std::string TransformOf(const Shape& actual, const Shape& expected,
                        bool flips) {
  const Dims &a = actual.dims, &b = expected.dims;
  if (HasUnknown(actual) || HasUnknown(expected)) return "";
  if (a == b) {
    if (!flips || Sorted(a) != Sorted(b)) return "";
    if (a.size() == 2) return "transpose";
    return a.size() > 2 ? Permutation(a, b) : "";
  }
  switch (FitOf(actual, expected)) {
    case Fit::kSingleton:
      if (a.size() == b.size()) return "reshape";
      return a.size() > b.size() ? "squeeze" : "unsqueeze";
    case Fit::kPermuted:
      if (a.size() == 2 && b.size() == 2) return "transpose";
      if (Sorted(a) == Sorted(b)) return Permutation(a, b);
      return "reshape+permute";
    case Fit::kMerged: return flips ? "reshape+permute" : "reshape";
    default: return "";
  }
}

}  // namespace ckptdiff
