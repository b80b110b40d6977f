#include "formats/keras/slot_groups.h"

#include <algorithm>

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
std::optional<SlotGroups> GroupAdafactor(const std::vector<SlotRun>& in_front,
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

std::optional<SlotGroups> GroupAdafactor(const std::vector<SlotRun>& in_front,
                                         SlotDialect dialect,
                                         const std::vector<Shape>& stored,
                                         const SlotOwners& owners) {
  if (dialect == SlotDialect::kKeras3) {
    size_t per_variable = 3 + in_front.size();
    if (stored.size() % per_variable != 0) return std::nullopt;
    return GroupAdafactor(in_front, dialect, stored,
                          stored.size() / per_variable);
  }
  // How many variables there are shows only in the end: the likely counts.
  for (size_t count : {Optimized(owners), owners.all.size()}) {
    auto groups = GroupAdafactor(in_front, dialect, stored, count);
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

std::optional<SlotGroups> GroupMuon(const KerasOptimizer& optimizer,
                                    const std::vector<SlotRun>& in_front,
                                    const std::vector<Shape>& stored,
                                    const SlotOwners& owners, bool all) {
  SlotGroups groups;
  size_t at = 0;
  for (const SlotOwner& owner : owners.all) {
    if (all || owner.optimized) groups.push_back({.shape = owner.shape});
  }
  auto take = [&](SlotGroup& group, const char* word) {
    if (at >= stored.size() || stored[at] != group.shape) return false;
    group.slots.emplace_back(at++, word);
    return true;
  };
  for (const SlotRun& run : in_front) {
    for (SlotGroup& group : groups) {
      if (!take(group, run.words.front().c_str())) return std::nullopt;
    }
  }
  size_t next = 0;
  for (const SlotOwner& owner : owners.all) {
    if (!all && !owner.optimized) continue;
    SlotGroup& group = groups[next++];
    if (!take(group, "momentum") ||
        (MuonUsesAdam(optimizer, owner.name, owner.shape) &&
         !take(group, "velocity"))) {
      return std::nullopt;
    }
  }
  if (at != stored.size()) return std::nullopt;
  return groups;
}

// ---- The class, where the file does not tell it.

// A likely order, and the class that has it.
struct Guess {
  std::string_view class_name;
  std::vector<SlotRun> runs;
};

// By far the commonest: Adam (two slots a variable, side by side), momentum.
const std::vector<Guess>& Guesses(SlotDialect dialect) {
  static const auto* const keras3 = new std::vector<Guess>{
      {"Adam", {{{"momentum", "velocity"}}}},
      {"SGD", {{{"momentum"}}}},
      {"Adam", {{{"momentum", "velocity"}}, {{"velocity_hat"}}}},
      {"RMSprop", {{{"velocity"}}, {{"momentum"}}}},
  };
  static const auto* const keras2 = new std::vector<Guess>{
      {"Adam", {{{"m", "v"}}}},
      {"SGD", {{{"m"}}}},
      {"Adam", {{{"m", "v"}}, {{"vhat"}}}},
      {"RMSprop", {{{"velocity"}}, {{"momentum"}}}},
  };
  return dialect == SlotDialect::kKeras3 ? *keras3 : *keras2;
}

std::optional<SlotGroups> GroupByGuess(SlotDialect dialect,
                                       const std::vector<Shape>& stored,
                                       const SlotOwners& owners) {
  std::optional<SlotGroups> fallback;
  for (const Guess& guess : Guesses(dialect)) {
    std::optional<SlotGroups> groups = GroupByRuns(guess.runs, stored);
    if (!groups) continue;
    for (SlotGroup& group : *groups) group.class_name = guess.class_name;
    if (groups->size() == Optimized(owners)) return groups;
    if (!fallback) fallback = std::move(groups);
  }
  return fallback;
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
    return GroupAdafactor(runs, dialect, stored, owners);
  }
  if (optimizer.class_name == "Muon") {
    auto groups = GroupMuon(optimizer, runs, stored, owners, false);
    if (!groups) groups = GroupMuon(optimizer, runs, stored, owners, true);
    return groups;
  }
  std::optional<SlotGroups> groups = GroupByRuns(runs, stored);
  if (!groups) groups = GroupInEarlyOrder(optimizer, runs, stored);
  return groups ? groups : GroupByGuess(dialect, stored, owners);
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
