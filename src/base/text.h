// Text that people read and write: globs, natural order, escaping.

#ifndef CKPTDIFF_BASE_TEXT_H_
#define CKPTDIFF_BASE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

// A glob over names: `*` and `?` cross every separator, `{a,b}` is a choice,
// `{0..11}` a range of numbers. Anything else stands for itself.
class Glob {
 public:
  explicit Glob(std::string_view pattern);
  bool Matches(std::string_view text) const;

 private:
  std::vector<std::string> alternatives_;  // without braces
};

// `{a,b}` and `{0..11}` written out, in order; at most 100,000 results, else
// only `pattern` itself.
std::vector<std::string> ExpandBraces(std::string_view pattern);

// Compares digit runs by value: "layer_2" < "layer_10".
bool NaturalLess(std::string_view a, std::string_view b);

// Control characters and invalid UTF-8 as \xNN: fit for one line of text.
std::string Printable(std::string_view text);
// Bytes that are no UTF-8 as \xNN, all else as it is.
std::string EscapeInvalidUtf8(std::string_view text);

// Offset of the first byte that is not part of valid UTF-8; nullopt: none.
std::optional<size_t> FirstInvalidUtf8(std::string_view text);

std::vector<std::string_view> Split(std::string_view text, char separator);

// Insertions, deletions, replacements and swaps of neighbours between the two.
size_t EditDistance(std::string_view a, std::string_view b);
// The choice that a mistyped `word` most likely means; empty where none is
// near (more than a third of the word differs).
std::string_view Nearest(std::string_view word,
                         const std::vector<std::string_view>& choices);

// "1 layer", "2 layers".
std::string Count(uint64_t n, std::string_view singular,
                  std::string_view plural = {});

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_TEXT_H_
