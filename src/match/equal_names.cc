#include "match/equal_names.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "match/shapes.h"

namespace ckptdiff {
namespace {

constexpr uint32_t kRepeats = UINT32_MAX;
constexpr size_t kMostDropped = 3;

using Index = std::unordered_map<std::string_view, uint32_t>;

// The name without its first parts; empty where it has no more.
std::string_view Rest(std::string_view name, size_t dropped) {
  for (; dropped > 0; --dropped) {
    const size_t at = name.find_first_of("/.");
    if (at == std::string_view::npos) return {};
    name.remove_prefix(at + 1);
  }
  return name;
}

std::string_view Identity(const Variable& variable, bool by_key) {
  return by_key ? std::string_view(variable.Identity()) : variable.name;
}

Index IndexOf(const Layout& layout, const Positions& some, bool by_key,
              size_t dropped) {
  Index index;
  index.reserve(some.size());
  for (uint32_t i : some) {
    const std::string_view name =
        Rest(Identity(layout.variables[i], by_key), dropped);
    if (name.empty()) continue;
    auto [at, is_new] = index.emplace(name, i);
    if (!is_new) at->second = kRepeats;
  }
  return index;
}

EqualNames Join(const Layout& actual, const Layout& expected,
                const Positions& a, const Positions& e, bool by_key,
                size_t drop_actual, size_t drop_expected) {
  EqualNames joined;
  const Index names = IndexOf(actual, a, by_key, drop_actual);
  const Index others = IndexOf(expected, e, by_key, drop_expected);
  std::vector<bool> used(actual.variables.size());
  for (uint32_t i : e) {
    const Variable& variable = expected.variables[i];
    const std::string_view name =
        Rest(Identity(variable, by_key), drop_expected);
    auto found = names.find(name);
    if (name.empty() || found == names.end() || found->second == kRepeats ||
        others.at(name) == kRepeats ||
        FitOf(actual.variables[found->second].shape, variable.shape) ==
            Fit::kNone) {
      joined.expected.push_back(i);
      continue;
    }
    used[found->second] = true;
    joined.pairs.push_back({found->second, i});
  }
  for (uint32_t i : a) {
    if (!used[i]) joined.actual.push_back(i);
  }
  return joined;
}

}  // namespace

EqualNames JoinEqualNames(const Layout& actual, const Layout& expected,
                          const Positions& a, const Positions& e) {
  const bool by_key = actual.source.addressed_by == AddressedBy::kKey &&
                      expected.source.addressed_by == AddressedBy::kKey;
  return Join(actual, expected, a, e, by_key, 0, 0);
}

EqualNames JoinByPrefixChange(const Layout& actual, const Layout& expected,
                              const Positions& a, const Positions& e) {
  EqualNames best{.actual = a, .expected = e};
  for (size_t x = 0; x <= kMostDropped; ++x) {
    for (size_t y = 0; y <= kMostDropped; ++y) {
      EqualNames joined = Join(actual, expected, a, e, false, x, y);
      if (joined.pairs.size() > best.pairs.size()) best = std::move(joined);
    }
  }
  return best;
}

}  // namespace ckptdiff
