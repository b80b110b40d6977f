// Sums by key, for the evidence that adds up what many candidates say. A flat
// table: std::unordered_map took a quarter of the time of a large comparison.

#ifndef CKPTDIFF_MATCH_TALLY_H_
#define CKPTDIFF_MATCH_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ckptdiff {

class Tally {
 public:
  struct Entry {
    uint64_t key;
    float sum;
  };

  // The sum of a key, 0 where it is new; stands until the next new key.
  float& operator[](uint64_t key) {
    if (2 * (entries_.size() + 1) > places_.size()) Grow();
    uint32_t& place = places_[PlaceOf(key)];
    if (place == 0) {
      entries_.push_back({key, 0});
      place = static_cast<uint32_t>(entries_.size());
    }
    return entries_[place - 1].sum;
  }

  // 0 where the key was never added.
  float At(uint64_t key) const {
    if (places_.empty()) return 0;
    const uint32_t place = places_[PlaceOf(key)];
    return place == 0 ? 0 : entries_[place - 1].sum;
  }

  // In the order in which the keys came.
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  // Where the key stands, or the empty place where it would.
  size_t PlaceOf(uint64_t key) const {
    const size_t mask = places_.size() - 1;
    // The highest bits of a product depend on all bits of the key.
    uint64_t hash = key * 0x9e3779b97f4a7c15;
    size_t at = static_cast<size_t>(hash >> 32) & mask;
    while (places_[at] != 0 && entries_[places_[at] - 1].key != key) {
      at = (at + 1) & mask;
    }
    return at;
  }

  void Grow() {
    places_.assign(places_.empty() ? 64 : 2 * places_.size(), 0);
    for (size_t i = 0; i < entries_.size(); ++i) {
      places_[PlaceOf(entries_[i].key)] = static_cast<uint32_t>(i) + 1;
    }
  }

  std::vector<uint32_t> places_;  // 1 + the index of an entry; 0: empty
  std::vector<Entry> entries_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_TALLY_H_
