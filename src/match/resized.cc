#include "match/resized.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "match/shapes.h"

namespace ckptdiff {
namespace {

constexpr size_t kMostPrefixes = 8;
constexpr uint32_t kTaken = UINT32_MAX;

struct Prefix {
  std::string actual, expected;

  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

// What differs before the longest common end of two names.
Prefix ChangeOf(std::string_view a, std::string_view e) {
  size_t x = a.size(), y = e.size();
  while (x > 0 && y > 0 && a[x - 1] == e[y - 1]) --x, --y;
  const auto border = [](std::string_view text, size_t at) {
    return at == 0 || text[at - 1] == '.' || text[at - 1] == '/';
  };
  while (x < a.size() && !(border(a, x) && border(e, y))) ++x, ++y;
  return {std::string(a.substr(0, x)), std::string(e.substr(0, y))};
}

// Those that at least two pairs prove, most pairs first; no change at all is
// the first one.
std::vector<Prefix> ProvenPrefixes(const Layout& actual, const Layout& expected,
                                   const std::vector<Pair>& pairs) {
  std::map<Prefix, size_t> votes;
  for (const Pair& pair : pairs) {
    const std::string& a = actual.variables[pair.actual].name;
    const std::string& e = expected.variables[pair.expected].name;
    if (a == e) continue;
    const Prefix change = ChangeOf(a, e);
    if (change.actual.size() < a.size()) ++votes[change];
  }
  std::vector<std::pair<size_t, Prefix>> ranked;
  for (const auto& [change, count] : votes) {
    if (count >= 2) ranked.push_back({count, change});
  }
  std::stable_sort(
      ranked.begin(), ranked.end(),
      [](const auto& x, const auto& y) { return x.first > y.first; });
  std::vector<Prefix> prefixes = {Prefix{}};
  for (const auto& [count, change] : ranked) {
    if (prefixes.size() > kMostPrefixes) break;
    prefixes.push_back(change);
  }
  return prefixes;
}

}  // namespace

std::vector<Pair> PairResized(const Layout& actual, const Layout& expected,
                              const std::vector<Pair>& pairs,
                              const Positions& a, const Positions& e) {
  std::vector<Pair> resized;
  if (a.empty() || e.empty()) return resized;
  std::unordered_map<std::string_view, uint32_t> by_name;
  for (uint32_t i : e) {
    auto [at, is_new] = by_name.emplace(expected.variables[i].name, i);
    if (!is_new) at->second = kTaken;
  }
  std::vector<bool> used(actual.variables.size());
  for (const Prefix& change : ProvenPrefixes(actual, expected, pairs)) {
    for (uint32_t i : a) {
      const Variable& variable = actual.variables[i];
      if (used[i] || !variable.name.starts_with(change.actual)) continue;
      const std::string name =
          change.expected + variable.name.substr(change.actual.size());
      auto found = by_name.find(name);
      if (found == by_name.end() || found->second == kTaken) continue;
      const Variable& other = expected.variables[found->second];
      const bool is_equal = variable.name == other.name;
      if (!is_equal && variable.shape.dims.size() != other.shape.dims.size()) {
        continue;
      }
      used[i] = true;
      resized.push_back(
          {.actual = i,
           .expected = found->second,
           .how = is_equal ? How::kExact : How::kRenamed,
           .confidence = 0.9,
           .evidence = {is_equal ? "same-name" : "proven-rewrite"}});
      found->second = kTaken;
    }
  }
  return resized;
}

}  // namespace ckptdiff
