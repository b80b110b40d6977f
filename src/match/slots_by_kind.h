// The slots of a checkpoint by owner and kind, as far as nobody took them.

#ifndef CKPTDIFF_MATCH_SLOTS_BY_KIND_H_
#define CKPTDIFF_MATCH_SLOTS_BY_KIND_H_

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Of what it is the state, and which.
struct SlotKind {
  size_t owner;
  Role role;
  std::string_view slot;

  friend auto operator<=>(const SlotKind&, const SlotKind&) = default;
};

// State of one kind that a variable has from several optimizers (the two Adams
// of a GAN): that of the optimizer of the same id goes first, else of one that
// the other side does not name.
class SlotsByKind {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit SlotsByKind(const Layout& expected) {
    for (const Variable& slot : expected.variables) {
      if (slot.slot) expected_ids_.insert(slot.slot->optimizer);
    }
  }

  void Add(const SlotKind& kind, size_t at, std::string_view optimizer) {
    slots_[kind].push_back({at, optimizer});
  }

  // kNone where there is none left.
  size_t Take(const SlotKind& kind, std::string_view optimizer) {
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

  // What nobody took, as (owner, position).
  std::vector<std::pair<size_t, size_t>> Left() const {
    std::vector<std::pair<size_t, size_t>> left;
    for (const auto& [kind, slots] : slots_) {
      for (const Slot& slot : slots) left.emplace_back(kind.owner, slot.at);
    }
    return left;
  }

 private:
  struct Slot {
    size_t at;
    std::string_view optimizer;
  };
  std::map<SlotKind, std::vector<Slot>> slots_;
  std::unordered_set<std::string_view> expected_ids_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_SLOTS_BY_KIND_H_
