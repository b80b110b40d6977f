// One spelling of a variable's name, where writers differ in what means
// nothing. All else, separators and case included, is a rename.

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

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_NAMES_H_
