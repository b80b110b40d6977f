#include "match/orientation.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "match/names.h"
#include "match/shapes.h"

namespace ckptdiff {
namespace {

using Dims = std::vector<int64_t>;
using Axes = std::vector<size_t>;

// From [out, in, height, width] to [height, width, in, out] first, and what
// else frameworks' own conversions do.
const std::vector<Axes>& Turns() {
  static const std::vector<Axes> turns = {
      {1, 0},       {2, 1, 0}, {2, 3, 1, 0}, {2, 3, 4, 1, 0}, {2, 3, 0, 1},
      {3, 2, 0, 1}, {1, 2, 0}, {2, 0, 1},    {4, 3, 0, 1, 2}};
  return turns;
}

Axes Inverse(const Axes& axes) {
  Axes inverse(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) inverse[axes[i]] = i;
  return inverse;
}

Axes Identity(size_t axes) {
  Axes identity(axes);
  std::iota(identity.begin(), identity.end(), size_t{0});
  return identity;
}

bool Fits(const Axes& axes, const Dims& from, const Dims& to) {
  if (axes.size() != from.size() || axes.size() != to.size()) return false;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (to[i] != from[axes[i]]) return false;
  }
  return true;
}

// What a permutation does to the values: the order of the axes longer than 1.
Axes EffectOf(const Axes& axes, const Dims& from) {
  Axes effect;
  for (size_t axis : axes) {
    if (from[axis] > 1) effect.push_back(axis);
  }
  return effect;
}

bool Moves(const Axes& axes, const Dims& from) {
  return !std::ranges::is_sorted(EffectOf(axes, from));
}

// Each axis from the first one of its length that is left.
Axes FirstFit(const Dims& from, const Dims& to) {
  Axes axes;
  std::vector<bool> used(from.size());
  for (int64_t dim : to) {
    for (size_t i = 0; i < from.size(); ++i) {
      if (used[i] || from[i] != dim) continue;
      used[i] = true;
      axes.push_back(i);
      break;
    }
  }
  return axes;
}

// True where the first axes make `length` together, so that a matrix of so
// many rows has the values in this order.
bool BeginsWith(const Dims& dims, int64_t length) {
  int64_t product = 1;
  for (size_t i = 0; i + 1 < dims.size(); ++i) {
    if (__builtin_mul_overflow(product, dims[i], &product)) return false;
    if (product == length) return true;
  }
  return false;
}

// The kind of a variable: its last words on both sides, the last but one as
// well where that is asked for, and how many axes it has.
using Kind = std::tuple<WordId, WordId, WordId, WordId, size_t>;

struct Matrix {
  Pair* pair;
  const Dims* from;
  const Dims* to;
  Kind narrow, wide;
  std::vector<Axes> choices;  // that the shapes allow, the likeliest first
};

class Orienter {
 public:
  Orienter(const Layout& actual, const Layout& expected)
      : actual_(actual), expected_(expected) {}

  void Fill(std::vector<Pair>* pairs) {
    std::vector<Matrix> matrices;
    for (Pair& pair : *pairs) {
      const Shape& from = actual_.variables[pair.actual].shape;
      const Shape& to = expected_.variables[pair.expected].shape;
      pair.transform = ReshapeOf(from, to);
      if (FitOf(from, to) == Fit::kNone || !from.known || !to.known) continue;
      const bool is_same = pair.how == How::kExact && from.dims == to.dims;
      if (is_same && !pair.is_turned) continue;
      Matrix matrix = Read(&pair, from.dims, to.dims);
      if (matrix.choices.empty()) continue;
      Vote(matrix);
      matrices.push_back(std::move(matrix));
    }
    for (const Matrix& matrix : matrices) Turn(matrix);
  }

 private:
  Matrix Read(Pair* pair, const Dims& from, const Dims& to) {
    Matrix matrix{.pair = pair, .from = &from, .to = &to};
    const bool is_reshaped = from.size() != to.size();
    const size_t axes = is_reshaped ? 2 : from.size();
    const auto [a, before_a] = LastWords(actual_.variables[pair->actual].name);
    const auto [e, before_e] =
        LastWords(expected_.variables[pair->expected].name);
    matrix.narrow = {a, e, before_a, before_e, axes};
    matrix.wide = {a, e, 0, 0, axes};
    const bool turned = OrientationBetween(words_.Text(a), words_.Text(e)) ==
                        Orientation::kTurned;
    const bool is_back = turned && words_.Text(e) == "weight";
    std::vector<Axes> all = {Identity(axes)};
    for (const Axes& axes_of : Turns()) {
      all.push_back(is_back ? Inverse(axes_of) : axes_of);
    }
    if (turned) std::rotate(all.begin(), all.begin() + 1, all.end());
    for (Axes& one : all) {
      const bool fits =
          is_reshaped ? FitsReshaped(one, from, to) : Fits(one, from, to);
      if (fits) matrix.choices.push_back(std::move(one));
    }
    if (matrix.choices.empty() && !is_reshaped) {
      Axes axes_found = FirstFit(from, to);
      if (axes_found.size() == axes) matrix.choices.push_back(axes_found);
    }
    return matrix;
  }

  // A matrix on one side, its axes cut apart on the other.
  static bool FitsReshaped(const Axes& axes, const Dims& from, const Dims& to) {
    if (axes.size() != 2 || (from.size() != 2 && to.size() != 2)) return false;
    const Dims& matrix = from.size() == 2 ? from : to;
    return BeginsWith(from.size() == 2 ? to : from, matrix[axes[0]]);
  }

  std::pair<WordId, WordId> LastWords(const std::string& text) {
    const Name name = ParseName(text, &words_);
    WordId last = 0, before = 0;
    for (const Token& token : name.tokens) {
      if (token.is_number) continue;
      before = last;
      last = token.word;
    }
    return {last, before};
  }

  // Shapes that allow one thing alone tell what is done to all of the kind.
  void Vote(const Matrix& matrix) {
    const Dims& dims =
        matrix.from->size() == matrix.to->size() || matrix.from->size() == 2
            ? *matrix.from
            : *matrix.to;
    const Axes effect = EffectOf(matrix.choices.front(), dims);
    if (effect.size() < 2) return;
    for (const Axes& axes : matrix.choices) {
      if (EffectOf(axes, dims) != effect) return;
    }
    for (const Axes& axes : matrix.choices) {
      ++votes_[matrix.narrow][axes];
      ++votes_[matrix.wide][axes];
    }
  }

  // What most of the kind do; without any, the likeliest.
  Axes Elected(const Matrix& matrix, std::vector<Axes> choices) const {
    for (const Kind& kind : {matrix.narrow, matrix.wide}) {
      const auto ballot = votes_.find(kind);
      if (ballot == votes_.end()) continue;
      const auto count = [&](const Axes& axes) {
        const auto found = ballot->second.find(axes);
        return found == ballot->second.end() ? size_t{0} : found->second;
      };
      const auto best = std::ranges::max_element(choices, {}, count);
      if (count(*best) > 0) return *best;
    }
    return choices.front();
  }

  void Turn(const Matrix& matrix) const {
    const bool is_reshaped = matrix.from->size() != matrix.to->size();
    const Dims& dims =
        !is_reshaped || matrix.from->size() == 2 ? *matrix.from : *matrix.to;
    std::vector<Axes> choices = matrix.choices;
    if (const std::optional<bool> told = matrix.pair->is_turned) {
      std::erase_if(choices, [&](const Axes& axes) {
        return Moves(axes, dims) != *told;
      });
      if (choices.empty()) return;
    }
    const Axes axes = Elected(matrix, std::move(choices));
    if (!Moves(axes, dims)) return;
    if (is_reshaped) {
      matrix.pair->transform =
          matrix.from->size() == 2 ? "transpose+reshape" : "reshape+transpose";
    } else if (axes.size() == 2) {
      matrix.pair->transform = "transpose";
    } else {
      matrix.pair->transform = fmt::format("permute:{}", fmt::join(axes, ","));
    }
  }

  const Layout& actual_;
  const Layout& expected_;
  WordTable words_;
  std::map<Kind, std::map<Axes, size_t>> votes_;
};

}  // namespace

void FillTransforms(const Layout& actual, const Layout& expected,
                    std::vector<Pair>* pairs) {
  Orienter(actual, expected).Fill(pairs);
}

}  // namespace ckptdiff
