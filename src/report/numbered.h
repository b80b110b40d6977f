// Names that differ by numbers alone, written as one: "block_{0..11}".

#ifndef CKPTDIFF_REPORT_NUMBERED_H_
#define CKPTDIFF_REPORT_NUMBERED_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ckptdiff {

// "block_11.a" → "block_\1.a" (the byte 1): equal for names that numbers alone
// tell apart.
std::string NumberPattern(std::string_view name);

// The one name for all of `names`, which must share a NumberPattern: numbers
// that differ become ranges, "{0..3,7}". Empty where that would claim a name
// that is not there ("block{1..5}_conv{1..3}" for less than fifteen). An arrow
// " → " parts a name into two, which are judged apart.
std::string MergeNumbered(const std::vector<std::string>& names);

// A path of a name: "encoder.layer" and "weight", "dense/kernel" likewise.
// Names with a slash are parted at slashes, others at dots. The first part is
// empty where there is nothing to part.
std::pair<std::string, std::string> ParentAndLeaf(std::string_view name);
char SeparatorOf(std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_NUMBERED_H_
