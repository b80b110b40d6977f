#include "formats/keras/slots.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace ckptdiff {
namespace {

// The slots of one trainable variable, by their positions in the file.
struct Group {
  Shape shape;                                        // of the variable
  std::vector<std::pair<size_t, std::string>> slots;  // position, word
  std::vector<size_t> placeholders;
};

using Groups = std::vector<Group>;

// ---- From positions to groups, by the order of the class.

// nullopt: the shapes contradict this order.
std::optional<Groups> GroupByRuns(const std::vector<SlotRun>& runs,
                                  const std::vector<Shape>& stored) {
  size_t per_variable = 0;
  for (const SlotRun& run : runs) per_variable += run.words.size();
  if (per_variable == 0 || stored.size() % per_variable != 0) {
    return std::nullopt;
  }
  Groups groups(stored.size() / per_variable);
  size_t position = 0;
  for (const SlotRun& run : runs) {
    for (Group& group : groups) {
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
std::optional<Groups> GroupAdafactor(const std::vector<SlotRun>& in_front,
                                     SlotDialect dialect,
                                     const std::vector<Shape>& stored,
                                     size_t count) {
  if (stored.size() < in_front.size() * count) return std::nullopt;
  Groups groups(count);
  size_t at = 0;
  for (const SlotRun& run : in_front) {
    for (Group& group : groups) {
      group.slots.emplace_back(at++, run.words.front());
    }
  }
  for (Group& group : groups) {
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
  for (const Group& group : groups) {  // averages have the variable's shape
    for (size_t i = 0; i < in_front.size(); ++i) {
      if (stored[group.slots[i].first] != group.shape) return std::nullopt;
    }
  }
  if (dialect == SlotDialect::kKeras2) {
    for (Group& group : groups) group.slots.back().second = "v";
  }
  return groups;
}

std::optional<Groups> GroupAdafactor(const std::vector<SlotRun>& in_front,
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
  auto optimized = static_cast<size_t>(std::ranges::count_if(
      owners.all, [](const SlotOwner& one) { return one.optimized; }));
  for (size_t count : {optimized, owners.all.size()}) {
    auto groups = GroupAdafactor(in_front, dialect, stored, count);
    if (groups) return groups;
  }
  if (!in_front.empty()) return std::nullopt;
  Groups groups;
  for (size_t at = 0; at < stored.size();) {
    size_t size = at + 2 < stored.size() &&
                          IsFactored(stored[at], stored[at + 1], stored[at + 2])
                      ? 3
                      : 1;
    Group& group = groups.emplace_back();
    group.shape = stored[at + size - 1];
    if (size == 3) group.slots = {{at, "r"}, {at + 1, "c"}};
    group.slots.emplace_back(at + size - 1, "v");
    at += size;
  }
  return groups;
}

// Muon gives matrices to itself (momentum) and all else to Adam (momentum,
// velocity), embeddings and what `exclude_layers` names included.
bool MuonUsesAdam(const KerasOptimizer& optimizer, const SlotOwner& owner) {
  if (owner.shape.dims.size() != 2) return true;
  std::string lower = owner.name;
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  if (optimizer.exclude_embeddings && lower.find("embedding") != lower.npos) {
    return true;
  }
  return std::ranges::any_of(
      optimizer.exclude_layers, [&](const std::string& word) {
        return owner.name.find(word) != std::string::npos;
      });
}

std::optional<Groups> GroupMuon(const KerasOptimizer& optimizer,
                                const std::vector<SlotRun>& in_front,
                                const std::vector<Shape>& stored,
                                const SlotOwners& owners, bool all) {
  Groups groups;
  size_t at = 0;
  for (const SlotOwner& owner : owners.all) {
    if (all || owner.optimized) groups.push_back({owner.shape, {}, {}});
  }
  auto take = [&](Group& group, const char* word) {
    if (at >= stored.size() || stored[at] != group.shape) return false;
    group.slots.emplace_back(at++, word);
    return true;
  };
  for (const SlotRun& run : in_front) {
    for (Group& group : groups) {
      if (!take(group, run.words.front().c_str())) return std::nullopt;
    }
  }
  size_t next = 0;
  for (const SlotOwner& owner : owners.all) {
    if (!all && !owner.optimized) continue;
    Group& group = groups[next++];
    if (!take(group, "momentum") ||
        (MuonUsesAdam(optimizer, owner) && !take(group, "velocity"))) {
      return std::nullopt;
    }
  }
  if (at != stored.size()) return std::nullopt;
  return groups;
}

// ---- From groups to owners.

using Owners = std::vector<std::optional<size_t>>;

std::vector<size_t> Candidates(const SlotOwners& owners, bool all) {
  std::vector<size_t> candidates;
  for (size_t i = 0; i < owners.all.size(); ++i) {
    if (all || owners.all[i].optimized) candidates.push_back(i);
  }
  return candidates;
}

bool SameShapes(const Groups& groups, const SlotOwners& owners,
                const std::vector<size_t>& candidates) {
  return std::ranges::equal(groups, candidates,
                            [&](const Group& group, size_t candidate) {
                              return group.shape == owners.all[candidate].shape;
                            });
}

// Some layers were frozen when the optimizer was built. In order, each group
// takes the first weight that fits, and once more from the end, the last: what
// both agree on is settled.
Owners Embed(const Groups& groups, const SlotOwners& owners) {
  Owners first(groups.size()), last(groups.size());
  size_t at = 0;
  for (size_t i = 0; i < groups.size(); ++i, ++at) {
    while (at < owners.all.size() && owners.all[at].shape != groups[i].shape) {
      ++at;
    }
    if (at == owners.all.size()) return Owners(groups.size());
    first[i] = at;
  }
  at = owners.all.size();
  for (size_t i = groups.size(); i-- > 0;) {
    do {
      --at;  // ends: the first pass found a place for each
    } while (owners.all[at].shape != groups[i].shape);
    last[i] = at;
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    if (first[i] != last[i]) first[i].reset();
  }
  return first;
}

std::optional<Owners> TieAll(const Groups& groups, const SlotOwners& owners) {
  for (bool all : {false, true}) {
    std::vector<size_t> candidates = Candidates(owners, all);
    if (SameShapes(groups, owners, candidates)) {
      return Owners(candidates.begin(), candidates.end());
    }
  }
  return std::nullopt;
}

Owners TieInOrder(const Groups& groups, const SlotOwners& owners) {
  std::optional<Owners> tied = TieAll(groups, owners);
  return tied ? *tied : Embed(groups, owners);
}

void Fill(const Groups& groups, const Owners& owner_of,
          std::vector<TiedSlot>* tied) {
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const auto& [position, word] : groups[i].slots) {
      (*tied)[position].word = word;
      (*tied)[position].owner = owner_of[i];
    }
    for (size_t position : groups[i].placeholders) {
      (*tied)[position].placeholder = true;
      (*tied)[position].owner = owner_of[i];
    }
  }
}

// Objects whose trainable variables have the same shapes: one could stand for
// the other in the order of the slots.
struct ObjectKind {
  std::vector<Shape> shapes;
  std::vector<std::vector<size_t>> members;  // positions in SlotOwners::all
  bool one_family = true;
};

std::vector<ObjectKind> ObjectKinds(const SlotOwners& owners) {
  std::vector<std::vector<size_t>> objects;
  std::map<std::string, size_t> index;
  for (size_t i : Candidates(owners, false)) {
    auto [found, is_new] = index.emplace(owners.all[i].object, objects.size());
    if (is_new) objects.emplace_back();
    objects[found->second].push_back(i);
  }
  std::vector<ObjectKind> kinds;
  std::map<std::vector<std::vector<int64_t>>, size_t> kind_of;
  for (std::vector<size_t>& object : objects) {
    std::vector<std::vector<int64_t>> dims;
    for (size_t i : object) dims.push_back(owners.all[i].shape.dims);
    auto [found, is_new] = kind_of.emplace(dims, kinds.size());
    if (is_new) {
      kinds.emplace_back();
      for (auto& one : dims) kinds.back().shapes.push_back(Shape::Of(one));
    }
    ObjectKind& kind = kinds[found->second];
    if (!kind.members.empty()) {
      const std::string& family = owners.all[kind.members[0][0]].family;
      kind.one_family &= family == owners.all[object[0]].family;
    }
    kind.members.push_back(std::move(object));
  }
  return kinds;
}

constexpr size_t kMaxKinds = 500;

// All ways to cut the groups into objects, up to a second one or a budget.
class ObjectOrder {
 public:
  ObjectOrder(const Groups& groups, const std::vector<ObjectKind>& kinds)
      : groups_(groups), kinds_(kinds), used_(kinds.size(), 0) {}

  // The kinds in order, where there is one way only.
  std::optional<std::vector<size_t>> Unique() {
    Search(0);
    if (found_.size() != 1 || budget_ == 0) return std::nullopt;
    return found_[0];
  }

 private:
  static constexpr size_t kMaxDepth = 4096;  // the recursion's

  void Search(size_t at) {
    if (found_.size() > 1 || budget_ == 0 || path_.size() > kMaxDepth) return;
    --budget_;
    if (at == groups_.size()) {
      found_.push_back(path_);
      return;
    }
    for (size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (used_[kind] == kinds_[kind].members.size() || !Fits(kind, at)) {
        continue;
      }
      ++used_[kind];
      path_.push_back(kind);
      Search(at + kinds_[kind].shapes.size());
      path_.pop_back();
      --used_[kind];
    }
  }

  bool Fits(size_t kind, size_t at) const {
    const std::vector<Shape>& shapes = kinds_[kind].shapes;
    if (at + shapes.size() > groups_.size()) return false;
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (groups_[at + i].shape != shapes[i]) return false;
    }
    return true;
  }

  const Groups& groups_;
  const std::vector<ObjectKind>& kinds_;
  std::vector<size_t> used_;
  std::vector<size_t> path_;
  std::vector<std::vector<size_t>> found_;
  int budget_ = 20000;
};

// The order of the objects is not in the file (a subclassed model: the order
// of its attributes' assignment), but their shapes may leave one only.
Owners TieByShapes(const Groups& groups, const SlotOwners& owners) {
  Owners tied(groups.size());
  std::vector<ObjectKind> kinds = ObjectKinds(owners);
  size_t slots = 0;
  for (const ObjectKind& kind : kinds) {
    slots += kind.shapes.size() * kind.members.size();
  }
  if (slots != groups.size() || kinds.size() > kMaxKinds) return tied;
  std::optional<std::vector<size_t>> order =
      ObjectOrder(groups, kinds).Unique();
  if (!order) return tied;
  std::vector<size_t> next(kinds.size(), 0);
  size_t at = 0;
  for (size_t kind : *order) {
    const std::vector<size_t>& member = kinds[kind].members[next[kind]++];
    for (size_t owner : member) {
      if (kinds[kind].one_family) tied[at] = owner;
      ++at;
    }
  }
  return tied;
}

// ---- The class, where the file does not tell it.

// By far the commonest: Adam (two slots a variable, side by side), momentum.
const std::vector<std::vector<SlotRun>>& Guesses(SlotDialect dialect) {
  static const auto* const keras3 = new std::vector<std::vector<SlotRun>>{
      {{{"momentum", "velocity"}}},
      {{{"momentum"}}},
      {{{"momentum", "velocity"}}, {{"velocity_hat"}}},
      {{{"velocity"}}, {{"momentum"}}},
  };
  static const auto* const keras2 = new std::vector<std::vector<SlotRun>>{
      {{{"m", "v"}}},
      {{{"m"}}},
      {{{"m", "v"}}, {{"vhat"}}},
      {{{"velocity"}}, {{"momentum"}}},
  };
  return dialect == SlotDialect::kKeras3 ? *keras3 : *keras2;
}

size_t Optimized(const SlotOwners& owners) {
  return Candidates(owners, false).size();
}

std::optional<Groups> GroupByGuess(SlotDialect dialect,
                                   const std::vector<Shape>& stored,
                                   const SlotOwners& owners) {
  std::optional<Groups> fallback;
  for (const std::vector<SlotRun>& runs : Guesses(dialect)) {
    std::optional<Groups> groups = GroupByRuns(runs, stored);
    if (groups && groups->size() == Optimized(owners)) return groups;
    if (groups && !fallback) fallback = std::move(groups);
  }
  return fallback;
}

std::optional<Groups> GroupByClass(const KerasOptimizer& optimizer,
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
  std::optional<Groups> groups = GroupByRuns(runs, stored);
  return groups ? groups : GroupByGuess(dialect, stored, owners);
}

}  // namespace

std::vector<TiedSlot> TieSlots(const KerasOptimizer& optimizer,
                               SlotDialect dialect,
                               const std::vector<Shape>& stored,
                               const SlotOwners& owners) {
  std::vector<TiedSlot> tied(stored.size());
  std::vector<Shape> behind = stored;
  // Nadam of Keras 3 keeps one scalar more, at the end.
  size_t per_variable = 0;
  for (const SlotRun& run : SlotRuns(optimizer, dialect)) {
    per_variable += run.words.size();
  }
  bool has_product = optimizer.class_name == "Nadam" &&
                     dialect == SlotDialect::kKeras3 && !behind.empty() &&
                     behind.size() % per_variable == 1 &&
                     behind.back().dims.empty();
  if (has_product) behind.pop_back();
  if (behind.empty()) return tied;
  std::optional<Groups> groups =
      GroupByClass(optimizer, dialect, behind, owners);
  if (!groups) {
    for (size_t i = 0; i < behind.size(); ++i) tied[i].word = "slot";
    return tied;
  }
  Owners owner_of = owners.ordered ? TieInOrder(*groups, owners)
                                   : TieByShapes(*groups, owners);
  for (std::optional<size_t>& owner : owner_of) {
    if (owner && !owners.all[*owner].settled) owner.reset();
  }
  Fill(*groups, owner_of, &tied);
  return tied;
}

std::vector<TiedSlot> TieRuns(const std::vector<SlotRun>& runs,
                              const std::vector<Shape>& stored,
                              const SlotOwners& owners) {
  std::vector<TiedSlot> tied(stored.size());
  std::optional<Groups> groups = GroupByRuns(runs, stored);
  if (!groups) return tied;
  std::optional<Owners> owner_of = TieAll(*groups, owners);
  if (owner_of) Fill(*groups, *owner_of, &tied);
  return tied;
}

}  // namespace ckptdiff
