// Which variables of a TensorFlow 1 graph are whose optimizer state, by their
// names: nothing else in the file says it. A slot of the variable P is called
// P/NAME, where NAME is the optimizer's own (`P/Adam` is m, `P/Adam_1` is v);
// a second optimizer over the same variable goes on counting (`P/Adam_2`).
// Under an outer variable scope the slot has it in front of P.
//
// A variable that is merely called like a slot is none: its P must exist.

#ifndef CKPTDIFF_LAYOUT_TF1_SLOTS_H_
#define CKPTDIFF_LAYOUT_TF1_SLOTS_H_

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Gives every variable its role and every slot its owner, and fills
// `optimizers` and `layers` (the scopes of the weights). Variables come in
// with name, key and shape.
void TieTf1Slots(Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_TF1_SLOTS_H_
