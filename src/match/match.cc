#include "match/match.h"

#include <string_view>
#include <unordered_map>

namespace ckptdiff {

std::string_view ToString(How how) {
  switch (how) {
    case How::kExact: return "exact";
    case How::kCanonical: return "canonical";
    case How::kRenamed: return "renamed";
    case How::kFused: return "fused";
    case How::kSplit: return "split";
  }
  return "";
}

Pairing MatchLayouts(const Layout& actual, const Layout& expected) {
  Pairing pairing;
  std::unordered_map<std::string_view, size_t> by_name;
  for (size_t i = 0; i < actual.variables.size(); ++i) {
    by_name.emplace(actual.variables[i].name, i);
  }
  std::vector<bool> used(actual.variables.size());
  for (size_t i = 0; i < expected.variables.size(); ++i) {
    auto found = by_name.find(expected.variables[i].name);
    if (found == by_name.end() || used[found->second]) {
      pairing.only_expected.push_back(i);
      continue;
    }
    used[found->second] = true;
    pairing.pairs.push_back(
        {.actual = found->second, .expected = i, .evidence = {"same-name"}});
  }
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) pairing.only_actual.push_back(i);
  }
  return pairing;
}

}  // namespace ckptdiff
