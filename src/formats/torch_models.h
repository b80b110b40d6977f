// Which part of a torch file is the model. A file is a state_dict, a whole
// module, or a bundle of such things under names that everybody chooses:
//
//   {'model': sd, 'optimizer': osd, 'epoch': 3}        the usual bundle
//   {'generator': sd, 'discriminator': sd, …}          two models side by side
//   {'state_dict': sd, 'state_dict_ema': sd}           a model and its average
//   {'state_dict': sd, 'optimizer_states': [osd], …}   Lightning

#ifndef CKPTDIFF_FORMATS_TORCH_MODELS_H_
#define CKPTDIFF_FORMATS_TORCH_MODELS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "formats/torch_tree.h"

namespace ckptdiff {

struct TorchPart {
  enum class Kind : uint8_t {
    kModel,
    kAverage,        // moving averages of the model's variables
    kOptimizer,      // {'state', 'param_groups'}
    kFlatOptimizer,  // {'state.fc1.weight.exp_avg', 'param_groups.fc1.…'}
    kState,          // other state of an optimizer: role optimizer
    kOther,          // counters, random states, further copies: bookkeeping
    kHidden,  // callbacks, with paths of the author's machine: not listed
  };
  Kind kind = Kind::kOther;
  uint32_t node = 0;
};

struct TorchParts {
  std::vector<TorchPart> parts;
  // Index in `parts` for each node of the tree. What belongs to nothing else
  // belongs to parts[0], which is kOther.
  std::vector<uint32_t> part_of;
  // Names of variables are paths from here: the model, or what several models
  // have in common.
  uint32_t names_from = 0;
};

// `subtree` chooses the model (a path joined by '.' or '/'); empty: it is
// found. Throws ParseError(kUsage) where there is no such path.
TorchParts FindTorchParts(const TorchTree& tree, const std::string& subtree);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_MODELS_H_
