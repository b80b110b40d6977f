// How one shape can be made from another one without losing an element.

#ifndef CKPTDIFF_MATCH_SHAPES_H_
#define CKPTDIFF_MATCH_SHAPES_H_

#include <cstdint>
#include <string>

#include "ckptdiff/layout.h"

namespace ckptdiff {

enum class Fit : uint8_t {
  kNone,       // not the same elements
  kSame,       // equal, or not known
  kSingleton,  // equal but for axes of length 1
  kPermuted,   // the same axes in another order
  kMerged,     // axes joined or cut apart, perhaps permuted as well
};

Fit FitOf(const Shape& actual, const Shape& expected);

// "squeeze", "unsqueeze", "reshape", "reshape+permute": what the shapes alone
// say; empty where they are equal or do not fit.
std::string ReshapeOf(const Shape& actual, const Shape& expected);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SHAPES_H_
