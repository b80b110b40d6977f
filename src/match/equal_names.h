// Names (and keys) that are equal on both sides.

#ifndef CKPTDIFF_MATCH_EQUAL_NAMES_H_
#define CKPTDIFF_MATCH_EQUAL_NAMES_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "base/unique_names.h"
#include "ckptdiff/layout.h"

namespace ckptdiff {

using Positions = std::vector<uint32_t>;  // in Layout::variables

// Where the names of `some` stand that do not repeat, without the first
// `front` bytes of each. The layout must outlive it.
UniqueNames NamesOf(const Layout& layout, const Positions& some,
                    size_t front = 0);

struct EqualNames {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;  // actual, expected
  Positions actual, expected;                        // what is left over
};

// Joins by key where both sides are addressed by it, else by name; shapes must
// fit. A name that repeats settles nothing, but for equal keys.
EqualNames JoinEqualNames(const Layout& actual, const Layout& expected,
                          const Positions& a, const Positions& e);

// Names that repeat on both sides, told apart by equal keys. Where no key is on
// both sides, and both are loaded by order, by that.
EqualNames JoinRepeatedNames(const Layout& actual, const Layout& expected,
                             const Positions& a, const Positions& e);

// As JoinEqualNames without the first words of every name, as many on either
// side as pair most of them: a prefix that was added, removed or changed.
EqualNames JoinByPrefixChange(const Layout& actual, const Layout& expected,
                              const Positions& a, const Positions& e);

// As JoinEqualNames where the first number of every name counts from another
// one (0 or 1): all of both sides, or nothing.
EqualNames JoinByNumberShift(const Layout& actual, const Layout& expected,
                             const Positions& a, const Positions& e);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_EQUAL_NAMES_H_
