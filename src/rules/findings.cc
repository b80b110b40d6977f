// What rules make their findings of.

#include <fmt/format.h>

#include <algorithm>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

// A list of every equal candidate would grow with the square of the set.
constexpr size_t kMaxCandidates = 16;

std::vector<std::string> Names(const Layout& layout,
                               const std::vector<size_t>& variables) {
  std::vector<std::string> names;
  names.reserve(variables.size());
  for (size_t i : variables) names.push_back(layout.variables[i].name);
  return names;
}

}  // namespace

FindingSide SideOf(const Layout& layout, size_t variable) {
  const Variable& from = layout.variables[variable];
  return {.name = from.name,
          .key = from.key,
          .shape = from.shape,
          .dtype = from.dtype,
          .role = from.role,
          .layer = from.layer,
          .slot = from.slot,
          .variable = variable};
}

FindingSide SideNamed(std::string_view name, Role role) {
  FindingSide side;
  side.name = name;
  side.role = role;
  return side;
}

Finding FindingOf(const Comparison& comparison, const Pair& pair) {
  Finding finding;
  finding.actual = SideOf(comparison.actual(), pair.actual);
  finding.expected = SideOf(comparison.expected(), pair.expected);
  finding.confidence = pair.confidence;
  finding.evidence.assign(pair.evidence.begin(), pair.evidence.end());
  return finding;
}

Finding FindingOf(const Comparison& comparison, const Group& group) {
  Finding finding;
  finding.actual = SideOf(comparison.actual(), group.actual.front());
  finding.expected = SideOf(comparison.expected(), group.expected.front());
  finding.confidence = group.confidence;
  finding.evidence.assign(group.evidence.begin(), group.evidence.end());
  finding.parts =
      Parts{Names(comparison.actual(), group.actual),
            Names(comparison.expected(), group.expected), group.method};
  return finding;
}

bool IsFused(const Group& group) {
  return group.actual.size() < group.expected.size();
}

std::string Shown(const FindingSide& side) {
  if (side.key.empty() || side.key == side.name) return side.name;
  return fmt::format("{} ({})", side.name, side.key);
}

std::string ShownSlot(const Variable& slot) {
  std::string label = SlotLabel(slot);
  return label.empty() ? slot.name : label;
}

std::vector<Candidate> CandidatesAmong(const Layout& layout,
                                       const std::vector<size_t>& variables) {
  std::vector<Candidate> candidates;
  for (size_t i : variables) {
    if (candidates.size() == kMaxCandidates) break;
    candidates.push_back({layout.variables[i].name, layout.variables[i].key});
  }
  return candidates;
}

}  // namespace ckptdiff
