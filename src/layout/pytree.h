// What the leaves of a saved JAX training state are: Flax and Orbax store a
// tree of arrays and say nothing else, so paths tell the roles.
//
//   params/Dense_0/kernel              a weight
//   batch_stats/BatchNorm_0/mean       a weight that is not trained
//   ema_params/Dense_0/kernel          an average of params/Dense_0/kernel
//   opt_state/0/mu/Dense_0/kernel      a slot of params/Dense_0/kernel
//   opt_state/1/0/trace/…              the same in a nested optax chain
//   opt_state/inner_states/head/inner_state/0/mu/…     optax.multi_transform
//   opt_state/acc_grads/…              optax.MultiSteps
//   opt_state/0/count                  the optimizer's own
//   optimizer/target/…, optimizer/state/param_states/<path>/v      T5X
//   step                               the user's global step
//
// Behind an optax field stands the whole path of the parameter, so an owner is
// exact: it is found, never guessed.

#ifndef CKPTDIFF_LAYOUT_PYTREE_H_
#define CKPTDIFF_LAYOUT_PYTREE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

using TreePath = std::vector<std::string>;

// "a/b/c".
std::string JoinTreePath(const TreePath& path);

// Sets role, slot and trainable of every variable and the list of optimizers.
// paths[i] is the path of layout->variables[i], whose key is already set; the
// name becomes the joined path, without the `value` that a saved nnx.State
// puts below every leaf. `is_python[i]`: a bare number of Python, no array.
void DescribeTree(const std::vector<TreePath>& paths,
                  const std::vector<bool>& is_python, Layout* layout);

// The step that these values of StepVariables tell: the one they agree on.
std::optional<int64_t> OneStep(
    const std::vector<std::optional<int64_t>>& values);

// The variables whose value is the step, after DescribeTree: the user's own,
// else the counters of the optimizer. Where their values differ, there is no
// one step.
std::vector<size_t> StepVariables(const std::vector<TreePath>& paths,
                                  const Layout& layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_PYTREE_H_
