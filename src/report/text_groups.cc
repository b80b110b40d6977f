#include "report/text_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/text.h"
#include "report/numbered.h"

namespace ckptdiff {
namespace {

// A rule's word for a group, in a check and in a diff.
struct Word {
  std::string_view rule;
  std::string_view check;
  std::string_view diff;
};

constexpr Word kWords[] = {
    {"missing-variable", "missing", "added"},
    {"missing-layer", "missing", "added"},
    {"missing-slot", "missing", "added"},
    {"missing-optimizer", "missing", "added"},
    {"missing-step", "missing", "added"},
    {"unexpected-variable", "unexpected", "removed"},
    {"unexpected-layer", "unexpected", "removed"},
    {"untracked-variable", "untracked", "untracked"},
    {"orphan-slot", "orphaned", "removed"},
    {"renamed-variable", "", ""},
    {"renamed-slot", "", ""},
    {"shape-mismatch", "shape", "shape"},
    {"slot-shape-mismatch", "shape", "shape"},
    {"transposed-variable", "transposed", "transposed"},
    {"dtype-mismatch", "dtype", "dtype"},
};

std::string_view WordOf(const Finding& finding, bool is_diff) {
  for (const Word& word : kWords) {
    if (word.rule == finding.rule) return is_diff ? word.diff : word.check;
  }
  return finding.rule;
}

bool IsLayer(const Finding& finding) {
  return finding.rule == "missing-layer" || finding.rule == "unexpected-layer";
}

bool IsOptimizer(const Finding& finding) {
  return finding.rule == "missing-optimizer" ||
         finding.rule == "incomplete-optimizer" ||
         finding.rule == "optimizer-mismatch";
}

const FindingSide* MainSide(const Finding& finding) {
  if (finding.expected) return &*finding.expected;
  return finding.actual ? &*finding.actual : nullptr;
}

// The variable that a side speaks of: a slot's owner, else itself.
const std::string& Place(const FindingSide& side) {
  bool is_slot = side.slot && side.slot->owner;
  return is_slot ? *side.slot->owner : side.name;
}

// A side parted into the layer and what is left of the name in it.
std::pair<std::string, std::string> Parted(const FindingSide& side) {
  const std::string& name = Place(side);
  const std::string& layer = side.layer;
  bool below_layer = !layer.empty() && name.size() > layer.size() + 1 &&
                     name.starts_with(layer) &&
                     (name[layer.size()] == '/' || name[layer.size()] == '.');
  if (below_layer) return {layer, name.substr(layer.size() + 1)};
  return ParentAndLeaf(name);
}

std::string KnownShape(const Shape& shape) {
  return shape.known ? " " + ToString(shape) : "";
}

// What a finding adds to its group.
struct Entry {
  std::string word;
  std::string label;
  std::string item;
  std::string slot_leaf, slot;
  bool is_slot = false;
};

Entry RenamedEntry(const Finding& finding) {
  auto [old_parent, old_leaf] = Parted(*finding.actual);
  auto [new_parent, new_leaf] = Parted(*finding.expected);
  Entry entry;
  entry.is_slot = finding.rule == "renamed-slot";
  std::string from = Place(*finding.actual), to = Place(*finding.expected);
  if (entry.is_slot && from == to) {
    // Its variable stayed: the slot's own name tells what moved.
    from = finding.actual->name;
    to = finding.expected->name;
    std::tie(old_parent, old_leaf) = ParentAndLeaf(from);
    std::tie(new_parent, new_leaf) = ParentAndLeaf(to);
  }
  if (old_leaf == new_leaf && old_parent != new_parent) {
    entry.label =
        fmt::format("{} → {}", old_parent.empty() ? "(top)" : old_parent,
                    new_parent.empty() ? "(top)" : new_parent);
    entry.item = new_leaf + KnownShape(finding.expected->shape);
  } else {
    entry.label = fmt::format("{} → {}", from, to);
    entry.item =
        finding.expected->shape.known ? ToString(finding.expected->shape) : "";
  }
  if (entry.is_slot) entry.item.clear();
  // A label that names the slot counts it.
  if (from == finding.actual->name && old_leaf != new_leaf) {
    entry.is_slot = false;
  }
  return entry;
}

std::string Change(const Finding& finding, bool is_diff) {
  const FindingSide &old_side = *finding.actual, &new_side = *finding.expected;
  std::string old_text = ToString(old_side.shape);
  std::string new_text = ToString(new_side.shape);
  if (finding.rule == "dtype-mismatch") {
    old_text = old_side.dtype;
    new_text = new_side.dtype;
  }
  if (is_diff) return fmt::format("{} → {}", old_text, new_text);
  return fmt::format("expected {}, found {}", new_text, old_text);
}

Entry EntryOf(const Finding& finding, bool is_diff) {
  const FindingSide* side = MainSide(finding);
  bool is_rename =
      finding.rule == "renamed-variable" || finding.rule == "renamed-slot";
  if (is_rename && finding.actual && finding.expected) {
    return RenamedEntry(finding);
  }
  Entry entry;
  entry.word = WordOf(finding, is_diff);
  if (side == nullptr) {
    entry.label = finding.where;
    entry.item = finding.message;
    return entry;
  }
  if (IsLayer(finding)) {
    entry.label = side->name;
    return entry;
  }
  if (IsOptimizer(finding)) {
    entry.label = side->name;
    entry.item = "optimizer";
    return entry;
  }
  auto [parent, leaf] = Parted(*side);
  entry.label = parent.empty() ? leaf : parent;
  entry.is_slot = side->role == Role::kSlot && side->slot.has_value();
  bool compares = finding.actual && finding.expected &&
                  (finding.rule.ends_with("-mismatch") ||
                   finding.rule == "transposed-variable") &&
                  !finding.rule.starts_with("optimizer");
  if (compares) {
    entry.item = (parent.empty() ? "" : leaf + " ") + Change(finding, is_diff);
  } else if (entry.is_slot) {
    const std::string& optimizer = side->slot->optimizer;
    entry.slot_leaf = parent.empty() ? "" : leaf;
    entry.slot = (optimizer.empty() ? "" : optimizer + "/") + side->slot->slot;
  } else if (parent.empty()) {
    entry.item = side->shape.known ? ToString(side->shape) : "";
  } else {
    entry.item = leaf + KnownShape(side->shape);
  }
  return entry;
}

void AddTo(FindingGroup* group, Entry entry) {
  if (entry.is_slot) ++group->slot_count;
  auto& items = group->items;
  // Slots that changed as their variable did are counted.
  bool is_said = entry.is_slot && std::find(items.begin(), items.end(),
                                            entry.item) != items.end();
  if (!entry.item.empty() && !is_said) items.push_back(std::move(entry.item));
  if (entry.slot.empty()) return;
  auto same = std::find_if(
      group->slots.begin(), group->slots.end(),
      [&](const GroupedSlots& one) { return one.leaf == entry.slot_leaf; });
  if (same == group->slots.end()) {
    same = group->slots.insert(same, {std::move(entry.slot_leaf), {}});
  }
  auto& labels = same->labels;
  if (std::find(labels.begin(), labels.end(), entry.slot) == labels.end()) {
    labels.push_back(std::move(entry.slot));
  }
}

// "kernel", "{kernel,bias}": a glob, as --ignore takes it.
std::string Braced(const std::vector<std::string>& parts) {
  return parts.size() == 1 ? parts[0]
                           : fmt::format("{{{}}}", fmt::join(parts, ","));
}

// "Adam/{m,v}" of "Adam/m", "Adam/v".
std::vector<std::string> ByOptimizer(const std::vector<std::string>& labels) {
  std::vector<std::pair<std::string, std::vector<std::string>>> grouped;
  for (const std::string& label : labels) {
    auto [optimizer, slot] = ParentAndLeaf(label);
    auto same = std::find_if(
        grouped.begin(), grouped.end(),
        [&name = optimizer](const auto& one) { return one.first == name; });
    if (same == grouped.end()) same = grouped.insert(same, {optimizer, {}});
    same->second.push_back(slot);
  }
  std::vector<std::string> texts;
  texts.reserve(grouped.size());
  for (const auto& [optimizer, slots] : grouped) {
    texts.push_back((optimizer.empty() ? "" : optimizer + "/") + Braced(slots));
  }
  return texts;
}

// "{kernel,bias}/Adam/{m,v}".
void AddSlots(const std::vector<GroupedSlots>& slots,
              std::vector<std::string>* parts) {
  constexpr size_t kMostLeaves = 8;
  std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>>
      alike;  // by labels: leaves
  for (const GroupedSlots& one : slots) {
    auto same = std::find_if(
        alike.begin(), alike.end(),
        [&](const auto& group) { return group.first == one.labels; });
    if (same == alike.end()) same = alike.insert(same, {one.labels, {}});
    if (same->second.size() == kMostLeaves) same->second.emplace_back("…");
    if (same->second.size() < kMostLeaves) same->second.push_back(one.leaf);
  }
  for (const auto& [labels, leaves] : alike) {
    for (const std::string& text : ByOptimizer(labels)) {
      bool is_place = leaves.size() == 1 && leaves[0].empty();
      parts->push_back(is_place ? text : Braced(leaves) + "/" + text);
    }
  }
}

// Groups whose lines differ by numbers alone.
struct Alike {
  std::vector<size_t> members;
  std::string label;  // the one name for all; empty: there is none
};

// Places whose lines differ by numbers alone become one line.
std::vector<FindingGroup> MergePlaces(std::vector<FindingGroup> groups) {
  std::map<std::string, Alike> sets;
  std::vector<const Alike*> set_of(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    Alike& set =
        sets[fmt::format("{}\n{}\n{}", groups[i].word,
                         NumberPattern(groups[i].label), Contents(groups[i]))];
    set.members.push_back(i);
    set_of[i] = &set;
  }
  for (auto& [key, set] : sets) {
    std::vector<std::string> labels;
    for (size_t member : set.members) labels.push_back(groups[member].label);
    if (labels.size() > 1) set.label = MergeNumbered(labels);
  }
  std::vector<FindingGroup> merged;
  for (size_t i = 0; i < groups.size(); ++i) {
    const Alike& set = *set_of[i];
    bool is_told = !set.label.empty() && set.members[0] != i;
    if (is_told) continue;
    merged.push_back(std::move(groups[i]));
    if (set.label.empty()) continue;
    merged.back().label = set.label;
    merged.back().places = set.members.size();
  }
  return merged;
}

}  // namespace

std::vector<FindingGroup> FoldFindings(const std::vector<Finding>& findings,
                                       const std::vector<size_t>& positions,
                                       bool is_diff, bool fold) {
  std::vector<FindingGroup> groups;
  std::unordered_map<std::string, size_t> index;
  for (size_t position : positions) {
    Entry entry = EntryOf(findings[position], is_diff);
    auto [at, is_new] =
        index.emplace(entry.word + "\n" + entry.label, groups.size());
    if (is_new) groups.push_back({entry.word, entry.label});
    AddTo(&groups[at->second], std::move(entry));
  }
  return fold ? MergePlaces(std::move(groups)) : groups;
}

std::string Contents(const FindingGroup& group) {
  std::vector<std::string> parts = group.items;
  if (!group.slots.empty()) {
    AddSlots(group.slots, &parts);
  } else if (group.slot_count > 0) {
    parts.push_back(Count(group.slot_count, "slot"));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string SubjectOf(const Finding& finding) {
  const FindingSide* side = MainSide(finding);
  if (side == nullptr) return finding.where;
  if (!side->slot || !side->slot->owner) return side->name;
  const Slot& slot = *side->slot;
  if (slot.optimizer.empty()) return *slot.owner + "/" + slot.slot;
  return fmt::format("{}/{}/{}", *slot.owner, slot.optimizer, slot.slot);
}

}  // namespace ckptdiff
