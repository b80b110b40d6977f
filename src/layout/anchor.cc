#include "layout/anchor.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ckptdiff {
namespace {

constexpr size_t kMostOfAName = 64;  // what has no name is called `Variable`

bool IsRoot(const Layout& layout) {
  return std::any_of(layout.variables.begin(), layout.variables.end(),
                     [](const Variable& variable) {
                       return variable.key == "_CHECKPOINTABLE_OBJECT_GRAPH" ||
                              variable.key.starts_with("save_counter/");
                     });
}

bool StandsBelow(std::string_view key, std::string_view path) {
  return key.ends_with(path) && (key.size() == path.size() ||
                                 key[key.size() - path.size() - 1] == '/');
}

}  // namespace

std::string FindAnchor(const Layout& actual, const Layout& expected) {
  if (actual.source.addressed_by != AddressedBy::kKey ||
      expected.source.addressed_by != AddressedBy::kKey || IsRoot(expected)) {
    return {};
  }
  std::unordered_map<std::string_view, std::vector<std::string_view>> by_name;
  for (const Variable& variable : actual.variables) {
    std::vector<std::string_view>& keys = by_name[variable.name];
    if (keys.size() < kMostOfAName) keys.push_back(variable.key);
  }
  std::map<std::string_view, size_t> votes;
  for (const Variable& variable : expected.variables) {
    auto found = by_name.find(variable.name);
    if (variable.key.empty() || found == by_name.end()) continue;
    for (std::string_view key : found->second) {
      if (!StandsBelow(key, variable.key)) continue;
      ++votes[key.substr(0, key.size() - variable.key.size())];
    }
  }
  auto best = std::max_element(
      votes.begin(), votes.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == votes.end() ? std::string() : std::string(best->first);
}

void AnchorKeys(const std::string& anchor, Layout* layout) {
  auto put_before = [&anchor](std::string* key) {
    if (!key->empty()) key->insert(0, anchor);
  };
  for (Variable& variable : layout->variables) {
    put_before(&variable.key);
    for (std::string& key : variable.keys) put_before(&key);
    if (variable.slot) put_before(&variable.slot->owner_key);
  }
}

}  // namespace ckptdiff
