// Optimizers in torch files. A state_dict of one is
//
//   {'state': {0: {'step': tensor(2.), 'exp_avg': …, 'exp_avg_sq': …}, 1: …},
//    'param_groups': [{'lr': 0.001, 'betas': (0.9, 0.999), …,
//                      'params': [0, 1, …], 'param_names': ['fc1.weight', …]}]}
//
// The class is not stored (torch_optimizer_class.h), neither are the names of
// the parameters, unless the user passed named ones (torch 2.6), or ids are
// names (get_optimizer_state_dict). A live optimizer, pickled whole, has the
// parameters themselves where its state_dict has ids.

#ifndef CKPTDIFF_FORMATS_TORCH_OPTIMIZER_H_
#define CKPTDIFF_FORMATS_TORCH_OPTIMIZER_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/torch_tree.h"

namespace ckptdiff {

// One parameter of a group.
struct TorchMember {
  std::string_view name;  // from param_names or the id; empty: unknown
  uint32_t node = TorchNode::kNone;  // its state; kNone: it never stepped
  // The parameter itself, of a live optimizer; else kNone.
  uint32_t parameter = TorchNode::kNone;
};

struct TorchOptimizer {
  uint32_t node = 0;
  std::optional<std::string> class_name;
  std::string word;  // what to call it: the class, or what it seems to be
  std::vector<Setting> settings;
  std::vector<std::vector<TorchMember>> groups;
  std::optional<int64_t> step;  // the largest that is no tensor
};

// Throws ParseError(kCorrupt) where the groups claim more than the file holds.
TorchOptimizer ReadTorchOptimizer(const TorchTree& tree, uint32_t node);

// The shape of the parameter whose state this is: the one that its slots agree
// on. Unknown where they do not.
Shape TorchParameterShape(const TorchTree& tree, uint32_t state);

// How a slot of this name and shape takes part: the role, and the canonical
// name. A scalar beside the slots (`step`) is role optimizer.
Role TorchSlotRole(std::string_view raw, const Shape& shape);

// A value of a pickle as JSON text; nullopt for what is no plain value.
std::optional<std::string> PickleToJson(const PickleValue& value);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_OPTIMIZER_H_
