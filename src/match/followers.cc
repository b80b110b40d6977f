#include "match/followers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "match/shapes.h"

namespace ckptdiff {
namespace {

constexpr size_t kNone = static_cast<size_t>(-1);

// Variables that own something, by key and, where it does not repeat, by name.
class Owners {
 public:
  explicit Owners(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      if (FollowsOwner(variable)) continue;
      if (!variable.key.empty()) by_key_.emplace(variable.key, i);
      auto [at, is_new] = by_name_.emplace(variable.name, i);
      if (!is_new) at->second = kNone;
    }
  }

  size_t Of(const Variable& slot) const {
    auto by_key = by_key_.find(slot.slot->owner_key);
    if (by_key != by_key_.end()) return by_key->second;
    auto by_name = by_name_.find(*slot.slot->owner);
    return by_name == by_name_.end() ? kNone : by_name->second;
  }

 private:
  std::unordered_map<std::string_view, size_t> by_key_, by_name_;
};

struct Kind {
  size_t owner;
  Role role;
  std::string_view slot;

  friend auto operator<=>(const Kind&, const Kind&) = default;
};

// State of one kind that a variable has from several optimizers (the two Adams
// of a GAN): that of the optimizer of the same id goes first, else of one that
// the other side does not name.
class SlotsByKind {
 public:
  explicit SlotsByKind(const Layout& expected) {
    for (const Variable& slot : expected.variables) {
      if (slot.slot) expected_ids_.insert(slot.slot->optimizer);
    }
  }

  void Add(const Kind& kind, size_t at, std::string_view optimizer) {
    slots_[kind].push_back({at, optimizer});
  }

  // kNone where there is none left.
  size_t Take(const Kind& kind, std::string_view optimizer) {
    auto found = slots_.find(kind);
    if (found == slots_.end() || found->second.empty()) return kNone;
    std::vector<Slot>& left = found->second;
    auto best = std::find_if(left.begin(), left.end(), [&](const Slot& slot) {
      return slot.optimizer == optimizer;
    });
    if (best == left.end()) {
      best = std::find_if(left.begin(), left.end(), [&](const Slot& slot) {
        return !expected_ids_.contains(slot.optimizer);
      });
    }
    if (best == left.end()) best = left.begin();
    const size_t at = best->at;
    left.erase(best);
    return at;
  }

 private:
  struct Slot {
    size_t at;
    std::string_view optimizer;
  };
  std::map<Kind, std::vector<Slot>> slots_;
  std::unordered_set<std::string_view> expected_ids_;
};

}  // namespace

bool FollowsOwner(const Variable& variable) {
  return variable.slot && variable.slot->owner &&
         (variable.role == Role::kSlot || variable.role == Role::kAverage ||
          variable.role == Role::kOptimizer);
}

void FollowOwners(const Layout& actual, const Layout& expected,
                  Pairing* pairing) {
  const Owners actual_owners(actual), expected_owners(expected);
  std::vector<size_t> pair_of(expected.variables.size(), kNone);
  for (size_t i = 0; i < pairing->pairs.size(); ++i) {
    pair_of[pairing->pairs[i].expected] = i;
  }
  SlotsByKind slots(expected);
  for (size_t i = 0; i < actual.variables.size(); ++i) {
    const Variable& slot = actual.variables[i];
    if (!FollowsOwner(slot)) continue;
    const size_t owner = actual_owners.Of(slot);
    if (owner == kNone) continue;
    slots.Add({owner, slot.role, slot.slot->slot}, i, slot.slot->optimizer);
  }
  for (size_t i = 0; i < expected.variables.size(); ++i) {
    const Variable& slot = expected.variables[i];
    if (!FollowsOwner(slot)) continue;
    const size_t owner = expected_owners.Of(slot);
    if (owner == kNone || pair_of[owner] == kNone) continue;
    const Pair owners = pairing->pairs[pair_of[owner]];
    const size_t at = slots.Take({owners.actual, slot.role, slot.slot->slot},
                                 slot.slot->optimizer);
    if (at == kNone) continue;
    const Variable& other = actual.variables[at];
    pairing->pairs.push_back(
        {.actual = at,
         .expected = i,
         .how = HowNamed(other.name, slot.name),
         .confidence = owners.confidence,
         .evidence = {"same-owner"},
         .transform = owners.transform.empty()
                          ? ""
                          : TransformOf(other.shape, slot.shape, true)});
  }
}

}  // namespace ckptdiff
