#include "causes/name_changes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace ckptdiff {
namespace {

using NameWords = std::vector<std::string_view>;

bool AllNumbers(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string Joined(const NameWords& parts, std::string_view name) {
  if (parts.empty()) return "";
  char separator = NameSeparator(name);
  std::string joined;
  for (std::string_view part : parts) {
    joined += part;
    if (separator != '\0') joined += separator;
  }
  return joined;
}

bool IsFrontCandidate(const Hunk& hunk, size_t depth) {
  switch (hunk.kind) {
    case ChangeKind::kNesting:
    case ChangeKind::kRelabel: return hunk.at == depth && !hunk.is_leaf;
    default: return false;
  }
}

size_t EntriesOf(const FindingSide& side) {
  if (side.key.size() != side.name.size()) return 0;
  size_t entries = 0;
  for (size_t i = 0; i < side.name.size(); ++i) {
    if (side.name[i] == side.key[i]) continue;
    if (side.name[i] != '.' || side.key[i] != '/') return 0;
    ++entries;
  }
  return entries;
}

bool HasNumbers(const Hunk& hunk) {
  return hunk.signature.find('#') != std::string::npos;
}

bool IsOf(const Hunk& hunk, std::initializer_list<ChangeKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), hunk.kind) != kinds.end();
}

}  // namespace

NameChanges::NameChanges(std::span<const Finding> findings,
                         const std::vector<size_t>& positions, size_t all,
                         bool of_slots)
    : of_slots_(of_slots) {
  changes_.reserve(positions.size());
  for (size_t position : positions) {
    const Finding& finding = findings[position];
    NameChange change{.finding = position,
                      .actual = finding.actual->name,
                      .expected = finding.expected->name};
    change.separator_changed = SeparatorsDiffer(change.actual, change.expected);
    change.is_state = finding.expected->role == Role::kOptimizer;
    change.entries = EntriesOf(change.actual.size() > change.expected.size()
                                   ? *finding.actual
                                   : *finding.expected);
    change.hunks = DiffNames(change.actual, change.expected);
    changes_.push_back(std::move(change));
  }
  FindFront(all);
  FollowFront();
  FindBlindCut();
}

// How many parts all the names begin with, on both sides.
size_t NameChanges::CommonDepth() const {
  if (changes_.empty()) return 0;
  const NameWords first = NameParts(changes_.front().actual);
  size_t depth = first.size();
  for (const NameChange& change : changes_) {
    for (std::string_view name : {change.actual, change.expected}) {
      const NameWords parts = NameParts(name);
      size_t same = 0;
      while (same < depth && same < parts.size() &&
             parts[same] == first[same]) {
        ++same;
      }
      depth = same;
      if (depth == 0) return 0;
    }
  }
  return depth;
}

// One change at the front of all names that changed is a prefix. Where it is
// in the front of some only, it is one if what stands behind are several parts
// with names of their own: a scope, not a list or a layer.
void NameChanges::FindFront(size_t all) {
  struct Group {
    std::vector<Hunk*> hunks;
    const NameChange* first = nullptr;
    bool are_entries = true;
    std::set<std::string_view> behind;
  };
  const size_t depth = CommonDepth();
  std::map<std::pair<NameWords, NameWords>, Group> groups;
  for (NameChange& change : changes_) {
    if (change.hunks.empty() ||
        !IsFrontCandidate(change.hunks.front(), depth)) {
      continue;
    }
    Hunk& hunk = change.hunks.front();
    Group& group = groups[{hunk.removed, hunk.added}];
    if (group.first == nullptr) group.first = &change;
    group.hunks.push_back(&hunk);
    group.are_entries &=
        change.entries > 0 &&
        change.entries == hunk.removed.size() + hunk.added.size();
    NameWords parts = NameParts(change.expected);
    const size_t behind = depth + hunk.added.size();
    if (behind + 1 < parts.size() && group.behind.size() < 3 &&
        !AllNumbers(parts[behind])) {
      group.behind.insert(parts[behind]);
    }
  }
  for (auto& [key, group] : groups) {
    const Hunk& hunk = *group.hunks.front();
    const bool is_pure = hunk.removed.empty() || hunk.added.empty();
    const bool is_everywhere = group.hunks.size() * 10 >= all * 9;
    const bool has_children = !group.behind.empty();
    const bool is_scope =
        !is_pure && group.behind.size() >= 2 && !HasNumbers(hunk);
    if (!(is_everywhere && (is_pure || has_children)) && !is_scope) continue;
    // `model/` is a scope of TensorFlow, `model.` what wraps a module.
    const bool is_wrapper = is_everywhere && is_pure &&
                            NameSeparator(group.first->expected) == '.' &&
                            IsSoftWrapper(hunk);
    const bool is_entry =
        is_everywhere && is_pure && depth == 0 && group.are_entries;
    for (Hunk* one : group.hunks) {
      one->kind = is_entry     ? ChangeKind::kBundle
                  : is_wrapper ? ChangeKind::kWrapper
                               : ChangeKind::kPrefix;
    }
    if (is_entry || is_wrapper || group.hunks.size() <= front_.count) continue;
    front_ = {Joined(key.first, group.first->actual),
              Joined(key.second, group.first->expected), group.hunks.size()};
  }
}

// What an optimizer keeps beside its slots (beta powers) stands in the scope
// that it was built in, which is seldom named as the model's.
void NameChanges::FollowFront() {
  if (front_.count == 0) return;
  for (NameChange& change : changes_) {
    if (!change.is_state || change.hunks.size() != 1) continue;
    Hunk& hunk = change.hunks.front();
    if (hunk.kind == ChangeKind::kNesting && hunk.is_front) {
      hunk.kind = ChangeKind::kPrefix;
    }
  }
}

void NameChanges::FindBlindCut() {
  size_t cut = 0;
  bool is_blind = false, gained = false;
  for (const NameChange& change : changes_) {
    const bool is_longer = change.expected.size() > change.actual.size();
    std::string_view whole = is_longer ? change.expected : change.actual;
    std::string_view rest = is_longer ? change.actual : change.expected;
    const size_t size = whole.size() - rest.size();
    if (size == 0 || !whole.ends_with(rest)) return;
    if (cut != 0 && (size != cut || is_longer != gained)) return;
    cut = size;
    gained = is_longer;
    is_blind |= whole[size - 1] != '/' && whole[size - 1] != '.';
  }
  if (is_blind && changes_.size() > 1) blind_cut_ = cut;
}

std::vector<size_t> NameChanges::Of(
    std::initializer_list<ChangeKind> kinds) const {
  std::vector<size_t> found;
  for (const NameChange& change : changes_) {
    if (std::any_of(change.hunks.begin(), change.hunks.end(),
                    [&](const Hunk& hunk) { return IsOf(hunk, kinds); })) {
      found.push_back(change.finding);
    }
  }
  return found;
}

double NameChanges::Purity(std::initializer_list<ChangeKind> kinds) const {
  size_t all = 0, pure = 0;
  for (const NameChange& change : changes_) {
    auto matching =
        std::count_if(change.hunks.begin(), change.hunks.end(),
                      [&](const Hunk& hunk) { return IsOf(hunk, kinds); });
    if (matching == 0) continue;
    ++all;
    if (static_cast<size_t>(matching) == change.hunks.size()) ++pure;
  }
  return all == 0 ? 1 : static_cast<double>(pure) / static_cast<double>(all);
}

size_t NameChanges::Signatures(std::initializer_list<ChangeKind> kinds) const {
  std::set<std::string_view> signatures;
  for (const NameChange& change : changes_) {
    for (const Hunk& hunk : change.hunks) {
      if (IsOf(hunk, kinds)) signatures.insert(hunk.signature);
    }
  }
  return signatures.size();
}

std::vector<size_t> NameChanges::SeparatorChanged() const {
  std::vector<size_t> found;
  for (const NameChange& change : changes_) {
    if (change.separator_changed) found.push_back(change.finding);
  }
  return found;
}

}  // namespace ckptdiff
