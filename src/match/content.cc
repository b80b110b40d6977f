#include "match/content.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace ckptdiff {
namespace {

constexpr uint32_t kSeveral = UINT32_MAX;

using Owners = std::unordered_map<uint64_t, uint32_t>;

// Values -> the one variable that has them, or kSeveral.
Owners OwnersOf(const std::vector<Fingerprint>& prints,
                const Positions& variables) {
  Owners owners;
  for (uint32_t i : variables) {
    if (prints[i].values == 0) continue;
    auto [at, is_new] = owners.emplace(prints[i].values, i);
    if (!is_new) at->second = kSeveral;
  }
  return owners;
}

// Who is paired with whom, from either side.
struct Partners {
  std::unordered_map<size_t, uint32_t> of_actual, of_expected;

  explicit Partners(const ContentPairs& pairs) {
    for (const auto& [a, e] : pairs) {
      of_actual[a] = e;
      of_expected[e] = a;
    }
  }
};

// Pairs that names contradict and nothing else explains.
ContentPairs WithoutCopies(const Layout& actual, const Layout& expected,
                           const Positions& a, const Positions& e,
                           ContentPairs pairs) {
  const UniqueNames actual_names = NamesOf(actual, a);
  const UniqueNames expected_names = NamesOf(expected, e);
  for (bool is_done = false; !is_done;) {
    const Partners partners(pairs);
    const size_t before = pairs.size();
    std::erase_if(pairs, [&](const std::pair<uint32_t, uint32_t>& pair) {
      const auto& [x, y] = pair;
      const std::string& name = actual.variables[x].name;
      if (name == expected.variables[y].name) return false;
      const size_t of_x = expected_names.Find(name);
      const size_t of_y = actual_names.Find(expected.variables[y].name);
      if (of_x == UniqueNames::kNone && of_y == UniqueNames::kNone) {
        return false;
      }
      return !partners.of_expected.contains(of_x) &&
             !partners.of_actual.contains(of_y);
    });
    is_done = pairs.size() == before;
  }
  return pairs;
}

}  // namespace

ContentPairs JoinContents(const Layout& actual, const Layout& expected,
                          const Contents& contents, const Positions& a,
                          const Positions& e) {
  ContentPairs pairs;
  if (contents.empty()) return pairs;
  const Owners mine = OwnersOf(contents.actual, a);
  const Owners theirs = OwnersOf(contents.expected, e);
  for (uint32_t x : a) {
    const uint64_t values = contents.actual[x].values;
    if (values == 0 || mine.at(values) == kSeveral) continue;
    auto found = theirs.find(values);
    if (found == theirs.end() || found->second == kSeveral) continue;
    const uint32_t y = found->second;
    if (FitOf(actual.variables[x].shape, expected.variables[y].shape) !=
        Fit::kNone) {
      pairs.emplace_back(x, y);
    }
  }
  return WithoutCopies(actual, expected, a, e, std::move(pairs));
}

void SetAside(const ContentPairs& pairs, Positions* a, Positions* e) {
  if (pairs.empty()) return;
  const Partners partners(pairs);
  std::erase_if(*a, [&](uint32_t i) { return partners.of_actual.contains(i); });
  std::erase_if(*e,
                [&](uint32_t i) { return partners.of_expected.contains(i); });
}

void PutBack(const ContentPairs& pairs, Positions* a, Positions* e) {
  for (const auto& [x, y] : pairs) {
    a->push_back(x);
    e->push_back(y);
  }
  std::sort(a->begin(), a->end());
  std::sort(e->begin(), e->end());
}

void Anchor(const ContentPairs& pairs, const Contents& contents,
            Problem* problem) {
  if (pairs.empty()) return;
  const Partners partners(pairs);
  std::erase_if(problem->candidates, [&](const Proposal& one) {
    const uint32_t a = problem->actual.variables[one.actual];
    const uint32_t e = problem->expected.variables[one.expected];
    return partners.of_actual.contains(a) || partners.of_expected.contains(e);
  });
  std::unordered_map<uint32_t, uint32_t> place;
  for (uint32_t i = 0; i < problem->expected.size(); ++i) {
    place[problem->expected.variables[i]] = i;
  }
  for (uint32_t i = 0; i < problem->actual.size(); ++i) {
    const uint32_t a = problem->actual.variables[i];
    auto partner = partners.of_actual.find(a);
    if (partner == partners.of_actual.end()) continue;
    const uint32_t e = partner->second;
    problem->candidates.push_back(
        {.actual = i,
         .expected = place.at(e),
         .fit = FitOf(problem->actual.layout->variables[a].shape,
                      problem->expected.layout->variables[e].shape),
         .has_same_values = true,
         .is_turned = contents.actual[a].order != contents.expected[e].order});
  }
  std::sort(problem->candidates.begin(), problem->candidates.end(),
            [](const Proposal& x, const Proposal& y) {
              return std::pair(x.actual, x.expected) <
                     std::pair(y.actual, y.expected);
            });
  Index(problem);
}

bool Contradicts(const EqualNames& names, const ContentPairs& contents) {
  const Partners partners(contents);
  for (const auto& [a, e] : names.pairs) {
    auto mine = partners.of_actual.find(a);
    auto theirs = partners.of_expected.find(e);
    if (mine != partners.of_actual.end() && mine->second != e) return true;
    if (theirs != partners.of_expected.end() && theirs->second != a) {
      return true;
    }
  }
  return false;
}

}  // namespace ckptdiff
