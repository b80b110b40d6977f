// What the transform of a pair says of its shapes.

#ifndef CKPTDIFF_RULES_TRANSFORM_H_
#define CKPTDIFF_RULES_TRANSFORM_H_

#include <string>

#include "match/comparison.h"

namespace ckptdiff {

// True where the model's array has another length than the checkpoint's,
// whatever else was done to it.
inline bool IsResized(const Pair& pair) {
  return pair.transform.find("resized") != std::string::npos;
}

// True where all elements are kept and stand in another order or shape.
inline bool IsRearranged(const Pair& pair) {
  return !pair.transform.empty() && !IsResized(pair);
}

inline bool ShapesDisagree(const Comparison& comparison, const Pair& pair) {
  if (IsResized(pair)) return true;
  return pair.transform.empty() &&
         !comparison.actual(pair.actual)
              .shape.Agrees(comparison.expected(pair.expected).shape);
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_TRANSFORM_H_
