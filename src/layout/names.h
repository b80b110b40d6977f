// What the name of a variable says by itself: its one spelling, where writers
// differ in what means nothing (all else, separators and case included, is a
// rename), and the words that it ends in.

#ifndef CKPTDIFF_LAYOUT_NAMES_H_
#define CKPTDIFF_LAYOUT_NAMES_H_

#include <string>
#include <string_view>

namespace ckptdiff {

// `name` without
//   a trailing ":0"                            the output of a TF1 variable
//   a trailing "/.ATTRIBUTES/VARIABLE_VALUE"   the attribute of a TF2 key
//   a trailing "/part_N"                       a partitioned variable
// and in Unicode NFC. What is no UTF-8 stays as it is, and a name is never
// made empty.
std::string CanonicalName(std::string_view name);

// True where CanonicalName would change nothing; cheap for ASCII.
bool IsCanonicalName(std::string_view name);

// True for what frameworks call the arrays of a layer: the last part of a name
// ("kernel", "weight", "moving_mean").
bool IsLeafWord(std::string_view word);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_NAMES_H_
