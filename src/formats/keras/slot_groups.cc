#include "formats/keras/slot_groups.h"

#include <algorithm>

#include "formats/keras/slot_guesses.h"

namespace ckptdiff {
namespace {

size_t Optimized(const SlotOwners& owners) {
  return static_cast<size_t>(std::ranges::count_if(
      owners.all, [](const SlotOwner& one) { return one.optimized; }));
}

bool IsFactored(const Shape& row, const Shape& column, const Shape& whole) {
  size_t rank = whole.dims.size();
  if (rank < 2) return false;
  std::vector<int64_t> rows(whole.dims.begin(), whole.dims.end() - 1);
  std::vector<int64_t> columns(whole.dims.begin(), whole.dims.end() - 2);
  columns.push_back(whole.dims.back());
  return row == Shape::Of(rows) && column == Shape::Of(columns);
}

// Adafactor: r, c, velocity per variable. Below rank 2, Keras 3 stores two
// scalars that mean nothing in place of r and c, tf-keras velocity alone.
std::optional<SlotGroups> GroupAdafactorOf(const std::vector<SlotRun>& in_front,
                                           SlotDialect dialect,
                                           const std::vector<Shape>& stored,
                                           size_t count) {
  if (stored.size() < in_front.size() * count) return std::nullopt;
  SlotGroups groups(count);
  size_t at = 0;
  for (const SlotRun& run : in_front) {
    for (SlotGroup& group : groups) {
      group.slots.emplace_back(at++, run.words.front());
    }
  }
  for (SlotGroup& group : groups) {
    bool has_three = at + 2 < stored.size();
    if (has_three && IsFactored(stored[at], stored[at + 1], stored[at + 2])) {
      group.slots.emplace_back(at, "r");
      group.slots.emplace_back(at + 1, "c");
      at += 2;
    } else if (dialect == SlotDialect::kKeras3) {
      if (!has_three || !stored[at].dims.empty()) return std::nullopt;
      group.placeholders = {at, at + 1};
      at += 2;
    }
    if (at >= stored.size()) return std::nullopt;
    group.shape = stored[at];
    group.slots.emplace_back(at++, "velocity");
  }
  if (at != stored.size()) return std::nullopt;
  for (const SlotGroup& group : groups) {  // averages have the variable's shape
    for (size_t i = 0; i < in_front.size(); ++i) {
      if (stored[group.slots[i].first] != group.shape) return std::nullopt;
    }
  }
  if (dialect == SlotDialect::kKeras2) {
    for (SlotGroup& group : groups) group.slots.back().second.assign(1, 'v');
  }
  return groups;
}

// One variable of the optimizer, as a class makes it for a weight.
struct SlotShape {
  Shape shape;
  std::string word;  // empty: a placeholder
};

// What Adafactor makes below rank 2 in Keras 3 where nothing wraps it.
enum class Placeholders { kNone, kTwo };

std::vector<SlotShape> AdafactorSlots(const Shape& weight, SlotDialect dialect,
                                      Placeholders placeholders) {
  std::vector<SlotShape> slots;
  if (weight.dims.size() >= 2) {
    Shape row = weight;
    row.dims.pop_back();
    Shape column = weight;
    column.dims.erase(column.dims.end() - 2);
    slots = {{row, "r"}, {column, "c"}};
  } else if (placeholders == Placeholders::kTwo) {
    slots = {{Shape::Of({}), ""}, {Shape::Of({}), ""}};
  }
  slots.push_back({weight, dialect == SlotDialect::kKeras3 ? "velocity" : "v"});
  return slots;
}

std::vector<SlotShape> MuonSlots(const KerasOptimizer& optimizer,
                                 const SlotOwner& owner) {
  std::vector<SlotShape> slots = {{owner.shape, "momentum"}};
  if (MuonUsesAdam(optimizer, owner.name, owner.shape)) {
    slots.push_back({owner.shape, "velocity"});
  }
  return slots;
}

// Goes along the weights: `slots_of` says what the class makes for each.
template <typename SlotsOf>
std::optional<SlotGroups> GroupByOwners(const std::vector<SlotRun>& in_front,
                                        const std::vector<Shape>& stored,
                                        const SlotOwners& owners, bool all,
                                        const SlotsOf& slots_of) {
  SlotGroups groups;
  size_t at = 0;
  auto take = [&](SlotGroup& group, const SlotShape& slot) {
    if (at >= stored.size() || stored[at] != slot.shape) return false;
    if (slot.word.empty()) {
      group.placeholders.push_back(at++);
    } else {
      group.slots.emplace_back(at++, slot.word);
    }
    return true;
  };
  std::vector<const SlotOwner*> weights;
  for (const SlotOwner& owner : owners.all) {
    if (!all && !owner.optimized) continue;
    weights.push_back(&owner);
    groups.push_back({.shape = owner.shape});
  }
  for (const SlotRun& run : in_front) {
    for (SlotGroup& group : groups) {
      if (!take(group, {group.shape, run.words.front()})) return std::nullopt;
    }
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    for (const SlotShape& slot : slots_of(*weights[i])) {
      if (!take(groups[i], slot)) return std::nullopt;
    }
  }
  if (at != stored.size()) return std::nullopt;
  return groups;
}

std::optional<SlotGroups> GroupMuon(const KerasOptimizer& optimizer,
                                    const std::vector<SlotRun>& in_front,
                                    const std::vector<Shape>& stored,
                                    const SlotOwners& owners) {
  auto slots_of = [&](const SlotOwner& owner) {
    return MuonSlots(optimizer, owner);
  };
  for (bool all : {false, true}) {
    auto groups = GroupByOwners(in_front, stored, owners, all, slots_of);
    if (groups) return groups;
  }
  return std::nullopt;
}

// Where the order of the weights is told, it tells what the shapes alone leave
// open: two vectors before a matrix look like its row and column.
std::optional<SlotGroups> GroupAdafactorByOwners(
    const std::vector<SlotRun>& in_front, SlotDialect dialect,
    const std::vector<Shape>& stored, const SlotOwners& owners) {
  for (Placeholders placeholders : {Placeholders::kTwo, Placeholders::kNone}) {
    auto slots_of = [&](const SlotOwner& owner) {
      return AdafactorSlots(owner.shape, dialect, placeholders);
    };
    for (bool all : {false, true}) {
      auto groups = GroupByOwners(in_front, stored, owners, all, slots_of);
      if (groups) return groups;
    }
  }
  return std::nullopt;
}

// In early Keras 3, averages and accumulators came variable by variable.
std::optional<SlotGroups> GroupInEarlyOrder(const KerasOptimizer& optimizer,
                                            std::vector<SlotRun> runs,
                                            const std::vector<Shape>& stored) {
  if (!optimizer.use_ema || !optimizer.accumulates) return std::nullopt;
  runs[0].words.push_back(runs[1].words[0]);
  runs.erase(runs.begin() + 1);
  return GroupByRuns(runs, stored);
}

}  // namespace

std::optional<SlotGroups> GroupAdafactor(const std::vector<SlotRun>& in_front,
                                         SlotDialect dialect,
                                         const std::vector<Shape>& stored,
                                         const SlotOwners& owners) {
  if (dialect == SlotDialect::kKeras3) {
    size_t per_variable = 3 + in_front.size();
    if (stored.size() % per_variable != 0) return std::nullopt;
    return GroupAdafactorOf(in_front, dialect, stored,
                            stored.size() / per_variable);
  }
  // How many variables there are shows only in the end: the likely counts.
  for (size_t count : {Optimized(owners), owners.all.size()}) {
    auto groups = GroupAdafactorOf(in_front, dialect, stored, count);
    if (groups) return groups;
  }
  if (!in_front.empty()) return std::nullopt;
  SlotGroups groups;
  for (size_t at = 0; at < stored.size();) {
    size_t size = at + 2 < stored.size() &&
                          IsFactored(stored[at], stored[at + 1], stored[at + 2])
                      ? 3
                      : 1;
    SlotGroup& group = groups.emplace_back();
    group.shape = stored[at + size - 1];
    if (size == 3) group.slots = {{at, "r"}, {at + 1, "c"}};
    group.slots.emplace_back(at + size - 1, "v");
    at += size;
  }
  return groups;
}

std::optional<SlotGroups> GroupByRuns(const std::vector<SlotRun>& runs,
                                      const std::vector<Shape>& stored) {
  size_t per_variable = 0;
  for (const SlotRun& run : runs) per_variable += run.words.size();
  if (per_variable == 0 || stored.size() % per_variable != 0) {
    return std::nullopt;
  }
  SlotGroups groups(stored.size() / per_variable);
  size_t position = 0;
  for (const SlotRun& run : runs) {
    for (SlotGroup& group : groups) {
      for (const std::string& word : run.words) {
        const Shape& shape = stored[position];
        if (group.slots.empty()) group.shape = shape;
        if (shape != group.shape) return std::nullopt;
        group.slots.emplace_back(position++, word);
      }
    }
  }
  return groups;
}

std::optional<SlotGroups> GroupByClass(const KerasOptimizer& optimizer,
                                       SlotDialect dialect,
                                       const std::vector<Shape>& stored,
                                       const SlotOwners& owners) {
  std::vector<SlotRun> runs = SlotRuns(optimizer, dialect);
  if (optimizer.class_name == "Adafactor") {
    auto groups = GroupAdafactorByOwners(runs, dialect, stored, owners);
    return groups ? groups : GroupAdafactor(runs, dialect, stored, owners);
  }
  if (optimizer.class_name == "Muon") {
    return GroupMuon(optimizer, runs, stored, owners);
  }
  std::optional<SlotGroups> groups = GroupByRuns(runs, stored);
  if (!groups) groups = GroupInEarlyOrder(optimizer, runs, stored);
  return groups ? groups : GuessGroups(dialect, stored, owners);
}

bool SameShapes(const SlotGroups& groups, const SlotOwners& owners, bool all) {
  size_t next = 0;
  for (const SlotOwner& owner : owners.all) {
    if (!all && !owner.optimized) continue;
    if (next == groups.size() || groups[next].shape != owner.shape) {
      return false;
    }
    ++next;
  }
  return next == groups.size();
}

}  // namespace ckptdiff
