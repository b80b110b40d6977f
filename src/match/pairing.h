// Which variable is which: the outcome of matching two layouts.

#ifndef CKPTDIFF_MATCH_PAIRING_H_
#define CKPTDIFF_MATCH_PAIRING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/diagnosis.h"
#include "ckptdiff/layout.h"

namespace ckptdiff {

enum class How {
  kExact,      // equal names (and keys, where both sides are addressed by key)
  kCanonical,  // equal but for spelling that is no difference (":0", NFC, ...)
  kRenamed,
  kFused,  // several actual make one expected
  kSplit,  // one actual makes several expected
};

std::string_view ToString(How how);

// How two names that were paired stand to each other: kExact, kCanonical or
// kRenamed.
How HowNamed(std::string_view actual, std::string_view expected);

// Positions are those in Layout::variables of the respective side.
struct Pair {
  size_t actual = 0;
  size_t expected = 0;
  How how = How::kExact;
  double confidence = 1;
  std::vector<std::string_view> evidence;  // static strings: "same-shape", ...
  std::string transform;  // how expected is made from actual; empty: as it is
  std::optional<bool> is_turned;  // where the values told it
};

struct Group {
  std::vector<size_t> actual;
  std::vector<size_t> expected;
  How how = How::kFused;  // kFused or kSplit
  std::string method;     // "concat axis 0", "stack axis 0", ...
  double confidence = 1;
  std::vector<std::string_view> evidence;
};

// Sets that nothing tells apart: none of them is paired. Each side may be
// larger than the other one.
struct Ambiguity {
  std::vector<size_t> actual;
  std::vector<size_t> expected;
};

// One-to-one: a variable stands in at most one Pair or Group. What stands in
// neither is in only_actual or only_expected; what is ambiguous is in there
// as well. Everything is ordered by position (pairs by expected).
struct Pairing {
  std::vector<Pair> pairs;
  std::vector<Group> groups;
  std::vector<Ambiguity> ambiguous;
  std::vector<size_t> only_actual;
  std::vector<size_t> only_expected;
  // Rewrites of names that several pairs prove, most pairs first: `from`
  // matches names of the checkpoint, `to` gives the model's.
  std::vector<Pattern> patterns;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_PAIRING_H_
