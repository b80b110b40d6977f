// Which position a name has, for lists of hundreds of thousands of names: a
// flat table of hashes, several times faster than the standard one.

#ifndef CKPTDIFF_BASE_NAME_INDEX_H_
#define CKPTDIFF_BASE_NAME_INDEX_H_

#include <bit>
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
    uint32_t hash = Hash(name);
    Slot* slot = Probe(hash, name);
    if (slot->position != kFree) return slot->position;
    *slot = {hash, static_cast<uint32_t>(names_.size())};
    names_.push_back(name);
    return kNone;
  }

  size_t Find(std::string_view name) const {
    if (slots_.empty()) return kNone;
    uint32_t at =
        const_cast<NameIndex*>(this)->Probe(Hash(name), name)->position;
    return at == kFree ? kNone : at;
  }

  void Reserve(size_t count) {
    names_.reserve(count);
    if (slots_.size() < 2 * count + 2) Rehash(std::bit_ceil(2 * count + 2));
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;

  // Small: what is looked for has to come from memory first.
  struct Slot {
    uint32_t hash = 0;
    uint32_t position = kFree;
  };

  static uint32_t Hash(std::string_view name) {
    return static_cast<uint32_t>(std::hash<std::string_view>()(name));
  }

  // Where the name is, or where it would go.
  Slot* Probe(uint32_t hash, std::string_view name) {
    size_t mask = slots_.size() - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.position == kFree) return &slot;
      if (slot.hash == hash && names_[slot.position] == name) return &slot;
    }
  }

  void Grow() { Rehash(slots_.empty() ? 64 : 2 * slots_.size()); }

  void Rehash(size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.position == kFree) continue;
      *Probe(slot.hash, names_[slot.position]) = slot;
    }
  }

  std::vector<std::string_view> names_;
  std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_NAME_INDEX_H_
