#include "match/equal_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "match/shapes.h"

namespace ckptdiff {
namespace {

constexpr size_t kMostDropped = 3;

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

UniqueNames RestsOf(const Layout& layout, const Positions& some, bool by_key,
                    size_t dropped) {
  UniqueNames names;
  names.Reserve(some.size());
  for (uint32_t i : some) {
    const std::string_view name =
        Rest(Identity(layout.variables[i], by_key), dropped);
    if (!name.empty()) names.Add(name, i);
  }
  return names;
}

EqualNames Join(const Layout& actual, const Layout& expected,
                const Positions& a, const Positions& e, bool by_key,
                size_t drop_actual, size_t drop_expected) {
  EqualNames joined;
  const UniqueNames theirs = RestsOf(actual, a, by_key, drop_actual);
  const UniqueNames ours = RestsOf(expected, e, by_key, drop_expected);
  std::vector<bool> used(actual.variables.size());
  for (uint32_t i : e) {
    const Variable& variable = expected.variables[i];
    const std::string_view name =
        Rest(Identity(variable, by_key), drop_expected);
    const size_t partner = theirs.Find(name);
    if (partner == UniqueNames::kNone || ours.Find(name) != i ||
        FitOf(actual.variables[partner].shape, variable.shape) == Fit::kNone) {
      joined.expected.push_back(i);
      continue;
    }
    used[partner] = true;
    joined.pairs.emplace_back(partner, i);
  }
  for (uint32_t i : a) {
    if (!used[i]) joined.actual.push_back(i);
  }
  return joined;
}

// The first number of a name and where it stands; nothing where it is too long
// to be one that counts layers.
struct FirstNumber {
  size_t begin = 0, end = 0;
  int64_t value = 0;
};

std::optional<FirstNumber> FirstNumberOf(std::string_view name) {
  constexpr size_t kMostDigits = 9;
  constexpr std::string_view kDigits = "0123456789";
  const size_t begin = name.find_first_of(kDigits);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end =
      std::min(name.find_first_not_of(kDigits, begin), name.size());
  if (end - begin > kMostDigits) return std::nullopt;
  FirstNumber number{begin, end, 0};
  std::from_chars(name.data() + begin, name.data() + end, number.value);
  return number;
}

// The least first number of all names.
std::optional<int64_t> LeastNumber(const Layout& layout,
                                   const Positions& some) {
  std::optional<int64_t> least;
  for (uint32_t i : some) {
    const auto number = FirstNumberOf(layout.variables[i].name);
    if (number) least = std::min(least.value_or(number->value), number->value);
  }
  return least;
}

}  // namespace

UniqueNames NamesOf(const Layout& layout, const Positions& some, size_t front) {
  UniqueNames names;
  names.Reserve(some.size());
  for (uint32_t i : some) {
    names.Add(std::string_view(layout.variables[i].name).substr(front), i);
  }
  return names;
}

EqualNames JoinEqualNames(const Layout& actual, const Layout& expected,
                          const Positions& a, const Positions& e) {
  const bool by_key = actual.source.addressed_by == AddressedBy::kKey &&
                      expected.source.addressed_by == AddressedBy::kKey;
  return Join(actual, expected, a, e, by_key, 0, 0);
}

namespace {

using Repeats = std::unordered_map<std::string_view, Positions>;

Repeats ByName(const Layout& layout, const Positions& some) {
  Repeats by_name;
  for (uint32_t i : some) by_name[layout.variables[i].name].push_back(i);
  return by_name;
}

bool AllFit(const Layout& actual, const Layout& expected, const Positions& a,
            const Positions& e) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (FitOf(actual.variables[a[i]].shape, expected.variables[e[i]].shape) ==
        Fit::kNone) {
      return false;
    }
  }
  return true;
}

// Those of one name, by their keys; where no key is on both sides, the model's
// go by order and the file's not by name, the first for the first.
void PairRepeated(const Layout& actual, const Layout& expected,
                  const Positions& a, const Positions& e,
                  std::vector<std::pair<uint32_t, uint32_t>>* pairs) {
  std::unordered_map<std::string_view, uint32_t> keys;
  for (uint32_t i : a) keys.emplace(actual.variables[i].Identity(), i);
  size_t before = pairs->size();
  for (uint32_t i : e) {
    const Variable& variable = expected.variables[i];
    auto found = keys.find(variable.key);
    if (variable.key.empty() || found == keys.end()) continue;
    if (AllFit(actual, expected, {found->second}, {i})) {
      pairs->push_back({found->second, i});
    }
  }
  const bool by_order = actual.source.addressed_by != AddressedBy::kName &&
                        expected.source.addressed_by == AddressedBy::kOrder;
  if (pairs->size() > before || !by_order || a.size() != e.size() ||
      !AllFit(actual, expected, a, e)) {
    return;
  }
  for (size_t i = 0; i < a.size(); ++i) pairs->push_back({a[i], e[i]});
}

}  // namespace

EqualNames JoinRepeatedNames(const Layout& actual, const Layout& expected,
                             const Positions& a, const Positions& e) {
  EqualNames joined;
  const Repeats theirs = ByName(actual, a), ours = ByName(expected, e);
  for (uint32_t i : e) {
    const std::string_view name = expected.variables[i].name;
    const Positions& same = ours.at(name);
    auto found = theirs.find(name);
    bool repeats = same.size() > 1 && same.front() == i &&
                   found != theirs.end() && found->second.size() > 1;
    if (!repeats) continue;
    PairRepeated(actual, expected, found->second, same, &joined.pairs);
  }
  std::vector<bool> used_a(actual.variables.size());
  std::vector<bool> used_e(expected.variables.size());
  for (const auto& [x, y] : joined.pairs) {
    used_a[x] = true;
    used_e[y] = true;
  }
  for (uint32_t i : a) {
    if (!used_a[i]) joined.actual.push_back(i);
  }
  for (uint32_t i : e) {
    if (!used_e[i]) joined.expected.push_back(i);
  }
  return joined;
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

EqualNames JoinByNumberShift(const Layout& actual, const Layout& expected,
                             const Positions& a, const Positions& e) {
  EqualNames none{.actual = a, .expected = e};
  const auto from = LeastNumber(actual, a), to = LeastNumber(expected, e);
  if (!from || !to || *from == *to || a.size() != e.size()) return none;
  UniqueNames names = NamesOf(expected, e);
  EqualNames joined;
  for (uint32_t i : a) {
    std::string name = actual.variables[i].name;
    if (const auto number = FirstNumberOf(name)) {
      name.replace(number->begin, number->end - number->begin,
                   std::to_string(number->value + *to - *from));
    }
    const size_t partner = names.Find(name);
    if (partner == UniqueNames::kNone ||
        FitOf(actual.variables[i].shape, expected.variables[partner].shape) ==
            Fit::kNone) {
      return none;
    }
    joined.pairs.emplace_back(i, partner);
    names.Take(name);
  }
  return joined;
}

}  // namespace ckptdiff
