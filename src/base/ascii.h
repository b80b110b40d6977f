// Letters and digits as file formats and programs write them: ASCII, whatever
// the locale is.

#ifndef CKPTDIFF_BASE_ASCII_H_
#define CKPTDIFF_BASE_ASCII_H_

#include <string>
#include <string_view>

namespace ckptdiff {

constexpr bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr char Lower(char c) {
  return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = Lower(c);
  return lower;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_ASCII_H_
