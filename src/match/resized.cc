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
// Fewer that differ may be anything.
constexpr size_t kThroughout = 8;

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

// The whole words that all the names begin with.
std::string_view CommonFront(const Layout& layout, const Positions& positions) {
  if (positions.empty()) return "";
  const std::string_view first = layout.variables[positions.front()].name;
  size_t front = first.size();
  for (uint32_t i : positions) {
    const std::string& name = layout.variables[i].name;
    front = std::min(front, name.size());
    while (!name.starts_with(first.substr(0, front))) --front;
  }
  while (front > 0 && first[front - 1] != '.' && first[front - 1] != '/') {
    --front;
  }
  return first.substr(0, front);
}

// How many of one side would find one of their size on the other side.
size_t SizesInCommon(const Layout& actual, const Layout& expected,
                     const EqualNames& left) {
  std::unordered_map<uint64_t, size_t> sizes;
  for (uint32_t i : left.actual) {
    ++sizes[actual.variables[i].shape.Elements().value_or(0)];
  }
  return static_cast<size_t>(std::count_if(
      left.expected.begin(), left.expected.end(), [&](uint32_t i) {
        auto found =
            sizes.find(expected.variables[i].shape.Elements().value_or(0));
        if (found == sizes.end() || found->second == 0) return false;
        --found->second;
        return true;
      }));
}

}  // namespace

std::vector<Pair> PairResizedThroughout(const Layout& actual,
                                        const Layout& expected,
                                        const EqualNames& equal) {
  std::vector<Pair> resized;
  // Where no name is equal, all of them may have got another front.
  std::string_view have, want;
  if (equal.pairs.empty()) {
    have = CommonFront(actual, equal.actual);
    want = CommonFront(expected, equal.expected);
  }
  const bool by_suffix = have != want;
  UniqueNames names = NamesOf(expected, equal.expected, want.size());
  for (uint32_t i : equal.actual) {
    const Variable& variable = actual.variables[i];
    const std::string_view name =
        std::string_view(variable.name).substr(have.size());
    const size_t partner = names.Find(name);
    if (partner == UniqueNames::kNone) continue;
    const Variable& other = expected.variables[partner];
    if (variable.shape.dims.size() != other.shape.dims.size() ||
        FitOf(variable.shape, other.shape) != Fit::kNone) {
      continue;
    }
    resized.push_back({.actual = i,
                       .expected = partner,
                       .how = HowNamed(variable.name, other.name),
                       .confidence = 0.9,
                       .evidence = {by_suffix ? "same-suffix" : "same-name"}});
    names.Take(name);
  }
  const size_t left = std::min(equal.actual.size(), equal.expected.size());
  const bool is_throughout =
      resized.size() >= kThroughout &&
      resized.size() * 10 > left * (by_suffix ? 9 : 5) &&
      SizesInCommon(actual, expected, equal) * 2 < resized.size();
  return is_throughout ? resized : std::vector<Pair>();
}

std::vector<Pair> PairResized(const Layout& actual, const Layout& expected,
                              const std::vector<Pair>& pairs,
                              const Positions& a, const Positions& e) {
  std::vector<Pair> resized;
  if (a.empty() || e.empty()) return resized;
  UniqueNames names = NamesOf(expected, e);
  std::vector<bool> used(actual.variables.size());
  for (const Prefix& change : ProvenPrefixes(actual, expected, pairs)) {
    for (uint32_t i : a) {
      const Variable& variable = actual.variables[i];
      if (used[i] || !variable.name.starts_with(change.actual)) continue;
      const std::string name =
          change.expected + variable.name.substr(change.actual.size());
      const size_t partner = names.Find(name);
      if (partner == UniqueNames::kNone) continue;
      const Variable& other = expected.variables[partner];
      const bool is_equal = variable.name == other.name;
      if (!is_equal && variable.shape.dims.size() != other.shape.dims.size()) {
        continue;
      }
      used[i] = true;
      resized.push_back(
          {.actual = i,
           .expected = partner,
           .how = is_equal ? How::kExact : How::kRenamed,
           .confidence = 0.9,
           .evidence = {is_equal ? "same-name" : "proven-rewrite"}});
      names.Take(name);
    }
  }
  return resized;
}

}  // namespace ckptdiff
