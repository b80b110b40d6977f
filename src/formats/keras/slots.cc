#include "formats/keras/slots.h"

#include <algorithm>
#include <functional>
#include <map>

#include "formats/keras/slot_groups.h"

namespace ckptdiff {
namespace {

using Owners = std::vector<std::optional<size_t>>;

std::vector<size_t> Candidates(const SlotOwners& owners, bool all) {
  std::vector<size_t> candidates;
  for (size_t i = 0; i < owners.all.size(); ++i) {
    if (all || owners.all[i].optimized) candidates.push_back(i);
  }
  return candidates;
}

// Some layers were frozen when the optimizer was built. In order, each group
// takes the first weight that fits, and once more from the end, the last: what
// both agree on is settled.
Owners Embed(const SlotGroups& groups, const SlotOwners& owners) {
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

std::optional<Owners> TieAll(const SlotGroups& groups,
                             const SlotOwners& owners) {
  for (bool all : {false, true}) {
    if (!SameShapes(groups, owners, all)) continue;
    std::vector<size_t> candidates = Candidates(owners, all);
    return Owners(candidates.begin(), candidates.end());
  }
  return std::nullopt;
}

Owners TieInOrder(const SlotGroups& groups, const SlotOwners& owners) {
  std::optional<Owners> tied = TieAll(groups, owners);
  return tied ? *tied : Embed(groups, owners);
}

void Fill(const SlotGroups& groups, const Owners& owner_of,
          std::vector<TiedSlot>* tied) {
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const auto& [position, word] : groups[i].slots) {
      (*tied)[position] = {.word = word,
                           .owner = owner_of[i],
                           .class_name = groups[i].class_name};
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
    dims.reserve(object.size());
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
  ObjectOrder(const SlotGroups& groups, const std::vector<ObjectKind>& kinds)
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

  const SlotGroups& groups_;
  const std::vector<ObjectKind>& kinds_;
  std::vector<size_t> used_;
  std::vector<size_t> path_;
  std::vector<std::vector<size_t>> found_;
  int budget_ = 20000;
};

// The order of the objects is not in the file (a subclassed model: the order
// of its attributes' assignment), but their shapes may leave one only.
Owners TieByShapes(const SlotGroups& groups, const SlotOwners& owners) {
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

// Nadam of Keras 3 keeps one scalar more: at the end; in early versions in
// front of its slots. Without a class, one scalar too many must be that.
std::optional<size_t> ProductAt(const KerasOptimizer& optimizer,
                                SlotDialect dialect,
                                const std::vector<Shape>& stored,
                                const SlotOwners& owners) {
  bool may_be_nadam =
      optimizer.class_name.empty() || optimizer.class_name == "Nadam";
  if (dialect != SlotDialect::kKeras3 || !may_be_nadam || stored.empty()) {
    return std::nullopt;
  }
  auto scalars = [](const auto& all, auto shape) {
    return std::ranges::count_if(
        all, [](const Shape& one) { return one.dims.empty(); }, shape);
  };
  bool is_only_scalar = stored.back().dims.empty() &&
                        scalars(stored, std::identity()) == 1 &&
                        scalars(owners.all, &SlotOwner::shape) == 0;
  if (is_only_scalar) return stored.size() - 1;
  size_t in_front =
      (optimizer.use_ema ? 1 : 0) + (optimizer.accumulates ? 1 : 0);
  size_t per_variable = in_front + 2;
  if (stored.size() % per_variable != 1) return std::nullopt;
  size_t front = stored.size() / per_variable * in_front;
  for (size_t at : {stored.size() - 1, front}) {
    if (stored[at].dims.empty()) return at;
  }
  return std::nullopt;
}

}  // namespace

std::vector<TiedSlot> TieSlots(const KerasOptimizer& optimizer,
                               SlotDialect dialect,
                               const std::vector<Shape>& stored,
                               const SlotOwners& owners) {
  std::vector<TiedSlot> tied(stored.size());
  std::optional<size_t> product = ProductAt(optimizer, dialect, stored, owners);
  std::vector<Shape> behind = stored;
  if (product) behind.erase(behind.begin() + static_cast<ptrdiff_t>(*product));
  if (behind.empty()) return tied;
  std::optional<SlotGroups> groups =
      GroupByClass(optimizer, dialect, behind, owners);
  if (!groups) {
    for (size_t i = 0; i < tied.size(); ++i) {
      if (i != product) tied[i].word = "slot";
    }
    return tied;
  }
  Owners owner_of = owners.ordered ? TieInOrder(*groups, owners)
                                   : TieByShapes(*groups, owners);
  for (std::optional<size_t>& owner : owner_of) {
    if (owner && !owners.all[*owner].settled) owner.reset();
  }
  std::vector<TiedSlot> slots(behind.size());
  Fill(*groups, owner_of, &slots);
  for (size_t i = 0; i < slots.size(); ++i) {
    tied[product && i >= *product ? i + 1 : i] = slots[i];
  }
  return tied;
}

std::vector<TiedSlot> TieRuns(const std::vector<SlotRun>& runs,
                              const std::vector<Shape>& stored,
                              const SlotOwners& owners) {
  std::vector<TiedSlot> tied(stored.size());
  std::optional<SlotGroups> groups = GroupByRuns(runs, stored);
  if (!groups) return tied;
  std::optional<Owners> owner_of = TieAll(*groups, owners);
  if (owner_of) Fill(*groups, *owner_of, &tied);
  return tied;
}

}  // namespace ckptdiff
