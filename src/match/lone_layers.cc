#include "match/lone_layers.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/name_parts.h"

namespace ckptdiff {
namespace {

// By what is left of a name without its last part.
using Layers = std::unordered_map<std::string_view, Positions>;

std::string_view Parent(std::string_view name) {
  const size_t last = name.find_last_of("/.");
  return last == std::string_view::npos ? "" : name.substr(0, last);
}

// Layers of which all variables of the role are among `left`.
Layers WholeLayers(const Layout& layout, const Positions& left) {
  Layers layers;
  for (uint32_t i : left) {
    layers[Parent(layout.variables[i].name)].push_back(i);
  }
  if (layers.empty()) return layers;
  const Role role = layout.variables[left.front()].role;
  std::unordered_map<std::string_view, size_t> sizes;
  for (const Variable& variable : layout.variables) {
    if (variable.role == role) ++sizes[Parent(variable.name)];
  }
  std::erase_if(layers, [&](const auto& entry) {
    return entry.first.empty() || sizes[entry.first] != entry.second.size();
  });
  return layers;
}

// Where the layer stands, and what it holds.
std::string Description(const Layout& layout, std::string_view layer,
                        Positions* variables) {
  std::sort(variables->begin(), variables->end(), [&](uint32_t x, uint32_t y) {
    return LastPart(layout.variables[x].name) <
           LastPart(layout.variables[y].name);
  });
  std::string description(Parent(layer));
  for (uint32_t i : *variables) {
    const Variable& variable = layout.variables[i];
    description += '\n';
    description += LastPart(variable.name);
    description += ToString(variable.shape);
  }
  return description;
}

bool HasArray(const Layout& layout, const Positions& variables) {
  return std::any_of(variables.begin(), variables.end(), [&](uint32_t i) {
    return layout.variables[i].shape.Elements().value_or(0) > 1;
  });
}

// By description; empty where several have the same one.
std::map<std::string, Positions> LoneLayers(const Layout& layout,
                                            const Positions& left) {
  std::map<std::string, Positions> lone;
  for (auto& [layer, variables] : WholeLayers(layout, left)) {
    if (!HasArray(layout, variables)) continue;
    auto [at, is_new] =
        lone.emplace(Description(layout, layer, &variables), variables);
    if (!is_new) at->second.clear();
  }
  return lone;
}

bool AreFew(const Layout& layout, const Positions& left) {
  if (left.empty()) return false;
  const Role role = layout.variables[left.front()].role;
  const auto all = std::count_if(
      layout.variables.begin(), layout.variables.end(),
      [role](const Variable& variable) { return variable.role == role; });
  return 2 * left.size() <= static_cast<size_t>(all);
}

}  // namespace

std::vector<Pair> PairLoneLayers(const Layout& actual, const Layout& expected,
                                 const Positions& a, const Positions& e) {
  std::vector<Pair> pairs;
  if (!AreFew(actual, a) || !AreFew(expected, e)) return pairs;
  const std::map<std::string, Positions> have = LoneLayers(actual, a);
  for (const auto& [description, variables] : LoneLayers(expected, e)) {
    auto found = have.find(description);
    if (found == have.end()) continue;
    const size_t both = std::min(found->second.size(), variables.size());
    for (size_t i = 0; i < both; ++i) {
      pairs.push_back({.actual = found->second[i],
                       .expected = variables[i],
                       .how = How::kRenamed,
                       .confidence = 0.8,
                       .evidence = {"same-place", "same-shape"}});
    }
  }
  return pairs;
}

}  // namespace ckptdiff
