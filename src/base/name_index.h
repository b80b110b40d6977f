// Which position a name has, for lists of hundreds of thousands of names: a
// flat table of hashes, several times faster than the standard one.

#ifndef CKPTDIFF_BASE_NAME_INDEX_H_
#define CKPTDIFF_BASE_NAME_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace ckptdiff {

class NameIndex {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // The position that the name already has; else kNone, and it gets the next
  // one. The bytes of the name must outlive the index.
  size_t Insert(std::string_view name) {
    if (2 * (names_.size() + 1) > slots_.size()) Grow();
    size_t hash = std::hash<std::string_view>()(name);
    Slot* slot = Probe(hash, name);
    if (slot->position != kNone) return slot->position;
    *slot = {hash, names_.size()};
    names_.push_back(name);
    return kNone;
  }

  size_t Find(std::string_view name) const {
    if (slots_.empty()) return kNone;
    size_t hash = std::hash<std::string_view>()(name);
    return const_cast<NameIndex*>(this)->Probe(hash, name)->position;
  }

  void Reserve(size_t count) {
    names_.reserve(count);
    while (slots_.size() < 2 * count + 2) Grow();
  }

 private:
  struct Slot {
    size_t hash = 0;
    size_t position = kNone;
  };

  // Where the name is, or where it would go.
  Slot* Probe(size_t hash, std::string_view name) {
    size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.position == kNone) return &slot;
      if (slot.hash == hash && names_[slot.position] == name) return &slot;
    }
  }

  void Grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.position == kNone) continue;
      *Probe(slot.hash, names_[slot.position]) = slot;
    }
  }

  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_NAME_INDEX_H_
