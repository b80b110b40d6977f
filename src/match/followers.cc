#include "match/followers.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/unique_names.h"
#include "match/shapes.h"
#include "match/slots_by_kind.h"

namespace ckptdiff {
namespace {

constexpr size_t kNone = SlotsByKind::kNone;

// Variables that own something, by key and, where it does not repeat, by name.
class Owners {
 public:
  explicit Owners(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      if (FollowsOwner(variable)) continue;
      if (!variable.key.empty()) by_key_.emplace(variable.key, i);
      names_.Add(variable.name, i);
    }
  }

  // kNone where none is told.
  size_t Of(const Variable& slot) const {
    if (!slot.slot->owner) return kNone;
    auto by_key = by_key_.find(slot.slot->owner_key);
    if (by_key != by_key_.end()) return by_key->second;
    return names_.Find(*slot.slot->owner);
  }

 private:
  std::unordered_map<std::string_view, size_t> by_key_;
  UniqueNames names_;
};

// Of which optimizer nothing but numbers is stored: what its slots are called
// is then the reader's guess; averages of weights, which belong to no
// optimizer, too.
bool IsGuessed(const Layout& layout, const Variable& slot) {
  if (layout.source.addressed_by != AddressedBy::kOrder) return false;
  const std::string& id = slot.slot->optimizer;
  return std::ranges::any_of(layout.optimizers, [&](const Optimizer& one) {
    return (id.empty() || one.id == id) && !one.class_name;
  });
}

// The slots of one variable that found no partner, on both sides.
struct Rest {
  std::vector<size_t> actual, expected;
};

class Follower {
 public:
  Follower(const Layout& actual, const Layout& expected, Pairing* pairing)
      : actual_(actual),
        expected_(expected),
        pairing_(*pairing),
        pair_of_(expected.variables.size(), kNone) {
    for (size_t i = 0; i < pairing->pairs.size(); ++i) {
      pair_of_[pairing->pairs[i].expected] = i;
    }
  }

  void Follow() {
    const Owners actual_owners(actual_), expected_owners(expected_);
    if (PairNumbered(actual_owners, expected_owners)) return;
    SlotsByKind slots(expected_);
    for (size_t i = 0; i < actual_.variables.size(); ++i) {
      const Variable& slot = actual_.variables[i];
      if (!FollowsOwner(slot)) continue;
      const size_t owner = actual_owners.Of(slot);
      if (owner == kNone) continue;
      slots.Add({owner, slot.role, slot.slot->slot}, i, slot.slot->optimizer);
    }
    std::map<size_t, Rest> rests;  // by the owners' pair
    std::map<size_t, size_t> pair_of_actual;
    for (size_t i = 0; i < expected_.variables.size(); ++i) {
      const Variable& slot = expected_.variables[i];
      if (!FollowsOwner(slot)) continue;
      const size_t owner = expected_owners.Of(slot);
      if (owner == kNone || pair_of_[owner] == kNone) continue;
      const size_t pair = pair_of_[owner];
      const size_t partner = pairing_.pairs[pair].actual;
      pair_of_actual.emplace(partner, pair);
      const size_t at = slots.Take({partner, slot.role, slot.slot->slot},
                                   slot.slot->optimizer);
      if (at == kNone) {
        rests[pair].expected.push_back(i);
      } else {
        Add(pair, at, i);
      }
    }
    for (const auto& [owner, i] : slots.Left()) {
      auto pair = pair_of_actual.find(owner);
      if (pair == pair_of_actual.end()) continue;
      rests[pair->second].actual.push_back(i);
    }
    for (auto& [pair, rest] : rests) PairGuessed(pair, &rest);
    PairOfAbsentOwners(expected_owners);
  }

 private:
  // A file that stores the optimizer as numbers is loaded by them. True where
  // its slots, in their order, have the shapes that are looked for, and no
  // owner that is known of one says otherwise: then they are those. Scalars
  // that nothing looks for are the optimizer's own.
  bool PairNumbered(const Owners& actual_owners,
                    const Owners& expected_owners) {
    std::vector<size_t> want;
    for (size_t i = 0; i < expected_.variables.size(); ++i) {
      if (expected_.variables[i].slot) want.push_back(i);
    }
    if (want.empty()) return false;
    struct Found {
      size_t pair, have, want;
    };
    std::vector<Found> found;
    for (size_t i = 0; i < actual_.variables.size(); ++i) {
      const Variable& have = actual_.variables[i];
      if (!have.slot) continue;
      if (!IsGuessed(actual_, have)) return false;
      const bool is_next =
          found.size() < want.size() &&
          expected_.variables[want[found.size()]].shape == have.shape;
      if (!is_next) {
        if (have.shape.dims.empty()) continue;
        return false;
      }
      const size_t next = want[found.size()];
      const size_t owner = expected_owners.Of(expected_.variables[next]);
      if (owner == kNone || pair_of_[owner] == kNone) return false;
      found.push_back({pair_of_[owner], i, next});
      if (FollowsOwner(have) &&
          actual_owners.Of(have) != pairing_.pairs[found.back().pair].actual) {
        return false;
      }
    }
    if (found.size() != want.size()) return false;
    for (const Found& one : found) Add(one.pair, one.have, one.want);
    return true;
  }

  // What neither side holds but for its slots (an adapter that Keras merges on
  // saving): those of one kind of the owner of that name.
  void PairOfAbsentOwners(const Owners& expected_owners) {
    using Of = std::pair<std::string_view, SlotKind>;
    auto of = [](const Variable& one) {
      return Of(*one.slot->owner, {kNone, one.role, one.slot->slot});
    };
    std::map<Of, size_t> wanted;
    for (size_t i = 0; i < expected_.variables.size(); ++i) {
      const Variable& one = expected_.variables[i];
      bool is_absent = FollowsOwner(one) && expected_owners.Of(one) == kNone;
      if (is_absent) wanted.emplace(of(one), i);
    }
    if (wanted.empty()) return;
    for (size_t i = 0; i < actual_.variables.size(); ++i) {
      const Variable& have = actual_.variables[i];
      if (!FollowsOwner(have)) continue;
      auto found = wanted.find(of(have));
      if (found == wanted.end()) continue;
      const Variable& want = expected_.variables[found->second];
      if (FitOf(have.shape, want.shape) == Fit::kNone) continue;
      pairing_.pairs.push_back(
          {.actual = i,
           .expected = found->second,
           .how = HowNamed(have.name, want.name),
           .confidence = 1,
           .evidence = {"same-owner"},
           .transform = ReshapeOf(have.shape, want.shape)});
      wanted.erase(found);
    }
  }

  // As many slots under guessed names as are looked for: those, in order.
  void PairGuessed(size_t pair, Rest* rest) {
    std::ranges::sort(rest->actual);
    if (rest->actual.size() != rest->expected.size()) return;
    for (size_t k = 0; k < rest->actual.size(); ++k) {
      const Variable& have = actual_.variables[rest->actual[k]];
      const Variable& want = expected_.variables[rest->expected[k]];
      if (!IsGuessed(actual_, have) ||
          FitOf(have.shape, want.shape) == Fit::kNone) {
        return;
      }
    }
    for (size_t k = 0; k < rest->actual.size(); ++k) {
      Add(pair, rest->actual[k], rest->expected[k]);
    }
  }

  // A slot is turned as its owner is, where it has the owner's shape.
  std::string TransformLike(const Pair& owners, const Shape& have,
                            const Shape& want) const {
    const bool is_alike =
        have.dims == actual_.variables[owners.actual].shape.dims &&
        want.dims == expected_.variables[owners.expected].shape.dims;
    return is_alike ? owners.transform : ReshapeOf(have, want);
  }

  void Add(size_t owners, size_t actual, size_t expected) {
    const Pair of = pairing_.pairs[owners];
    const Variable& have = actual_.variables[actual];
    const Variable& want = expected_.variables[expected];
    pairing_.pairs.push_back(
        {.actual = actual,
         .expected = expected,
         .how = HowNamed(have.name, want.name),
         .confidence = of.confidence,
         .evidence = {"same-owner"},
         .transform = TransformLike(of, have.shape, want.shape)});
  }

  const Layout& actual_;
  const Layout& expected_;
  Pairing& pairing_;
  std::vector<size_t> pair_of_;  // by expected variable
};

}  // namespace

bool FollowsOwner(const Variable& variable) {
  return variable.slot && variable.slot->owner &&
         (variable.role == Role::kSlot || variable.role == Role::kAverage ||
          variable.role == Role::kOptimizer);
}

void FollowOwners(const Layout& actual, const Layout& expected,
                  Pairing* pairing) {
  Follower(actual, expected, pairing).Follow();
}

}  // namespace ckptdiff
