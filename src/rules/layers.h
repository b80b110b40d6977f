// Layers of which nothing was found on the other side.

#ifndef CKPTDIFF_RULES_LAYERS_H_
#define CKPTDIFF_RULES_LAYERS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "match/comparison.h"

namespace ckptdiff {

// The entries of `own` none of whose variables is placed or ambiguous and that
// `other` does not know by name without variables.
template <typename IsPlaced, typename IsAmbiguous>
std::vector<size_t> LayersWithoutCounterpart(const LayerIndex& own,
                                             const LayerIndex& other,
                                             const IsPlaced& is_placed,
                                             const IsAmbiguous& is_ambiguous) {
  std::vector<size_t> found;
  for (size_t layer = 0; layer < own.entries().size(); ++layer) {
    const LayerIndex::Entry& entry = own.entries()[layer];
    if (entry.variables.empty()) continue;
    if (std::any_of(
            entry.variables.begin(), entry.variables.end(),
            [&](size_t i) { return is_placed(i) || is_ambiguous(i); })) {
      continue;
    }
    size_t same = other.Find(entry.name);
    if (same != LayerIndex::kNone && other.entries()[same].variables.empty()) {
      continue;
    }
    found.push_back(layer);
  }
  return found;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_LAYERS_H_
