// Ties the state of torch optimizers to the variables of a layout.

#ifndef CKPTDIFF_FORMATS_TORCH_OWNERS_H_
#define CKPTDIFF_FORMATS_TORCH_OWNERS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/torch_optimizer.h"
#include "formats/torch_tree.h"

namespace ckptdiff {

// A model as an optimizer sees it: its parameters in order. Buffers and names
// of what is tied to an earlier parameter are left out.
struct TorchParameters {
  std::string_view word;          // the model's name in the file
  std::vector<size_t> variables;  // in Layout::variables
  bool is_in_order = true;        // false: sorted, as in safetensors
};

// True for what the framework's own modules register as buffers.
bool IsTorchBuffer(const Variable& variable);

// True for a weight that is neither a buffer nor an alias.
bool IsTorchParameter(const Variable& variable);

// The owner of each parameter's state: an index in layout.variables, or a
// name that is none of them.
struct TorchOwner {
  static constexpr size_t kUnknown = SIZE_MAX;
  size_t variable = kUnknown;
  std::string_view name;  // where the file names it and no variable has it
};

// For each optimizer and each of its groups and members. Names decide; else
// order and shapes, where they leave exactly one reading.
std::vector<std::vector<std::vector<TorchOwner>>> FindTorchOwners(
    const TorchTree& tree, const Layout& layout,
    std::span<const TorchParameters> models,
    std::span<const TorchOptimizer> optimizers);

// Makes layout->variables[variable] the state that `raw` names ("exp_avg") of
// the owner's, in `optimizer`, and lists the slot there.
void SetTorchSlot(std::string_view raw, const TorchOwner& owner,
                  size_t variable, Optimizer* optimizer, Layout* layout);

// The class as slots are read by it: empty where the file does not tell.
std::string_view ClassOf(const Optimizer& optimizer);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_OWNERS_H_
