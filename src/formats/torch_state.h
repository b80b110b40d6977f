// The second half of a torch file's listing: its optimizers and their state,
// tied to variables that are listed already.

#ifndef CKPTDIFF_FORMATS_TORCH_STATE_H_
#define CKPTDIFF_FORMATS_TORCH_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/torch_models.h"
#include "formats/torch_storages.h"
#include "formats/torch_tree.h"

namespace ckptdiff {

// A listing while it is made.
struct TorchListing {
  const TorchTree& tree;
  const TorchParts& parts;
  const TorchStorages& storages;
  Layout layout = {};
  // Of each node the index in layout.variables; kNone: it is not listed.
  std::vector<uint32_t> variable_of = {};
  // So many variables at the front are those of a model in another file.
  size_t beside = 0;
  std::map<std::string, int> ids = {};  // how often each id was given
};

// Gives every tensor of an optimizer its role and, where it is settled, its
// owner; adds the optimizers. Returns the step of the only one.
std::optional<int64_t> AddTorchOptimizers(TorchListing* listing);

std::unordered_map<std::string_view, size_t> TorchWeightsByName(
    const Layout& layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_STATE_H_
