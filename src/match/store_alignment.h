// A store against a model that differs from it.

#ifndef CKPTDIFF_MATCH_STORE_ALIGNMENT_H_
#define CKPTDIFF_MATCH_STORE_ALIGNMENT_H_

#include <vector>

#include "ckptdiff/layout.h"
#include "match/store_layers.h"

namespace ckptdiff {

// Each class of layers with the layers of the model that have the shapes of
// this class alone, in order. Only what aligns the same way from either end;
// none where this is less than half of the model. The store is `actual`.
std::vector<LayerPair> AlignClasses(const Layout& stored, const Store& store,
                                    const Layout& model,
                                    const Positions& order);

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_STORE_ALIGNMENT_H_
