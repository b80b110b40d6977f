#include "causes/moved_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/name_parts.h"
#include "causes/name_diff.h"

namespace ckptdiff {
namespace {

std::string_view PathOf(const FindingSide& side) {
  std::string_view key = side.key;
  return key.substr(0, key.find("/.ATTRIBUTES/"));
}

KeyMove MoveBetween(std::string_view from, std::string_view to) {
  const std::vector<std::string_view> old_parts = NameParts(from);
  const std::vector<std::string_view> new_parts = NameParts(to);
  if (old_parts.size() != new_parts.size()) return KeyMove::kDeeper;
  bool is_index = std::equal(
      old_parts.begin(), old_parts.end(), new_parts.begin(),
      [](auto a, auto b) { return WithoutDigits(a) == WithoutDigits(b); });
  return is_index ? KeyMove::kIndex : KeyMove::kAttribute;
}

}  // namespace

std::vector<size_t> MovedKeys(const Evidence& evidence, KeyMove kind) {
  std::vector<size_t> moved;
  for (size_t i : evidence.Of("renamed-variable")) {
    const Finding& finding = evidence.finding(i);
    if (finding.actual->name == finding.expected->name &&
        MoveBetween(PathOf(*finding.actual), PathOf(*finding.expected)) ==
            kind) {
      moved.push_back(i);
    }
  }
  return moved;
}

std::string MoveOf(const Evidence& evidence, size_t finding) {
  return fmt::format("{} is now {}", PathOf(*evidence.finding(finding).actual),
                     PathOf(*evidence.finding(finding).expected));
}

}  // namespace ckptdiff
