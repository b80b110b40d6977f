#include "match/patterns.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <re2/re2.h>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

constexpr size_t kMostPatterns = 100;
constexpr size_t kMostNumbers = 9;  // \1 to \9

using Rewrite = std::pair<std::string, std::string>;
using Votes = std::map<Rewrite, size_t>;

bool IsBorder(char c) { return c == '/' || c == '.'; }

// Where the longest common end that begins after a separator begins.
std::pair<size_t, size_t> CommonEnd(std::string_view a, std::string_view b) {
  size_t x = a.size(), y = b.size();
  std::pair<size_t, size_t> best = {x, y};
  while (x > 0 && y > 0 && a[x - 1] == b[y - 1]) {
    --x;
    --y;
    const bool a_begins = x == 0 || IsBorder(a[x - 1]);
    const bool b_begins = y == 0 || IsBorder(b[y - 1]);
    if (a_begins && b_begins) best = {x, y};
  }
  return best;
}

// The change of the beginning that two names show, if that is all.
bool PrefixChange(std::string_view a, std::string_view e, Rewrite* rewrite) {
  const auto [x, y] = CommonEnd(a, e);
  if (x == a.size()) return false;
  rewrite->first = "^" + RE2::QuoteMeta(a.substr(0, x)) + "(.*)";
  rewrite->second = std::string(e.substr(0, y)) + "\\1";
  return true;
}

// Numbers of `a` as groups, those of `e` as references in the same order. A
// number that `a` does not have stands for itself.
Rewrite FormChange(std::string_view a, std::string_view e) {
  Rewrite rewrite;
  rewrite.first = "^";
  std::vector<std::string_view> numbers;
  for (size_t i = 0; i < a.size();) {
    size_t end = i;
    const bool digits = IsDigit(a[i]);
    while (end < a.size() && IsDigit(a[end]) == digits) ++end;
    const std::string_view part = a.substr(i, end - i);
    if (digits && numbers.size() < kMostNumbers) {
      numbers.push_back(part);
      rewrite.first += "(\\d+)";
    } else {
      rewrite.first += RE2::QuoteMeta(part);
    }
    i = end;
  }
  rewrite.first += "$";
  size_t next = 0;
  for (size_t i = 0; i < e.size();) {
    size_t end = i;
    const bool digits = IsDigit(e[i]);
    while (end < e.size() && IsDigit(e[end]) == digits) ++end;
    const std::string_view part = e.substr(i, end - i);
    const auto found = std::find(numbers.begin() + static_cast<ptrdiff_t>(next),
                                 numbers.end(), part);
    if (digits && found != numbers.end()) {
      next = static_cast<size_t>(found - numbers.begin()) + 1;
      rewrite.second += "\\" + std::to_string(next);
    } else {
      rewrite.second += part;
    }
    i = end;
  }
  return rewrite;
}

std::vector<Pattern> Elected(const Votes& votes) {
  std::vector<Pattern> patterns;
  for (const auto& [rewrite, count] : votes) {
    if (count < 2) continue;
    patterns.push_back({rewrite.first, rewrite.second, count});
  }
  std::stable_sort(
      patterns.begin(), patterns.end(),
      [](const Pattern& a, const Pattern& b) { return a.count > b.count; });
  if (patterns.size() > kMostPatterns) patterns.resize(kMostPatterns);
  return patterns;
}

}  // namespace

std::vector<Pattern> FindPatterns(const Layout& actual, const Layout& expected,
                                  const std::vector<Pair>& pairs) {
  Votes prefixes, forms;
  size_t renamed = 0;
  for (const Pair& pair : pairs) {
    const Variable& a = actual.variables[pair.actual];
    const Variable& e = expected.variables[pair.expected];
    if (a.role == Role::kSlot || a.name == e.name) continue;
    ++renamed;
    Rewrite prefix;
    if (PrefixChange(a.name, e.name, &prefix)) ++prefixes[prefix];
    ++forms[FormChange(a.name, e.name)];
  }
  // A change of the beginning that explains nearly everything says it all.
  std::vector<Pattern> by_prefix = Elected(prefixes);
  size_t explained = 0;
  for (const Pattern& pattern : by_prefix) explained += pattern.count;
  if (by_prefix.size() <= 4 && explained * 10 >= renamed * 9) {
    return by_prefix;
  }
  return Elected(forms);
}

}  // namespace ckptdiff
