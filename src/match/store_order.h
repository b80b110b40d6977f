// Stores that name layers by their place: what a counter says, exactly.

#ifndef CKPTDIFF_MATCH_STORE_ORDER_H_
#define CKPTDIFF_MATCH_STORE_ORDER_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/equal_names.h"
#include "match/problem.h"
#include "match/store_layers.h"

namespace ckptdiff {

// Where all names of one side count layers in the order of the model, and the
// whole of the other side, read from front to back, is these layers: each class
// in turn, nothing left over. Such are
//   layers/conv2d_3/vars/0           Keras 3 stores: the fourth Conv2D
//   variables/17                     Keras 3 exports
//   model/_operations/4/_kernel      object graphs of Keras 3, of Keras 2:
//   model/layer_with_weights-2/bias
// Equal names mean nothing there: a live conv2d_3 may be the second one. Where
// something is left over, classes are aligned one by one, and what they do not
// leave open stands if it is most of the model. None where the other side is
// sorted by name.
std::vector<LayerPair> JoinStoreOrder(const Layout& actual,
                                      const Layout& expected,
                                      const Positions& a, const Positions& e);

// Leaves the variables of a layer no candidates outside of its partner.
void KeepWithin(const std::vector<LayerPair>& layers, Problem* problem);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_STORE_ORDER_H_
