// What the variables of an object graph are for: which objects are
// optimizers, whose state their variables are, what only keeps the books.
// Three generations of optimizers write it in three ways:
//
//   Keras 2 until 2.10   slot_variables: slot and owner by node id; hypers
//   and TF1 optimizers   (`iter`, `learning_rate`) are children
//   Keras 2.11 to 2.15,  `_variables` is the list of all state, `_momentums`,
//   tf_keras             `_velocities` ... one list a slot; the owner stands
//                        in full_name alone (`Adam/m/dense/kernel`)
//   Keras 3              as before, and `_trainable_variables`: element i of
//                        each list belongs to its element i

#ifndef CKPTDIFF_FORMATS_TF_OBJECT_ROLES_H_
#define CKPTDIFF_FORMATS_TF_OBJECT_ROLES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/tf/object_graph.h"

namespace ckptdiff {

inline constexpr size_t kNoVariable = static_cast<size_t>(-1);

// Gives the variables of `layout` their roles and slots, and fills
// `optimizers` and `layers`. `variable_of` says per node which variable of the
// layout it is, or kNoVariable; names, keys and shapes are known.
// Returns the variable whose value is the training step; kNoVariable where
// there is none, or several.
size_t AssignObjectRoles(const ObjectGraph& graph,
                         const std::vector<size_t>& variable_of,
                         Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_OBJECT_ROLES_H_
