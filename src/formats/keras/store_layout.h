// From the groups of a Keras 3 store to a Layout: which object of the model
// each group is, what its variables are called, whose state the optimizer's
// numbers are.

#ifndef CKPTDIFF_FORMATS_KERAS_STORE_LAYOUT_H_
#define CKPTDIFF_FORMATS_KERAS_STORE_LAYOUT_H_

#include <string>
#include <string_view>

#include "ckptdiff/layout.h"
#include "formats/keras/optimizer.h"
#include "formats/keras/slots.h"
#include "formats/keras/store.h"
#include "formats/keras_layers/keras_model.h"
#include "layout/slots.h"

namespace ckptdiff {

struct StoreContext {
  // From config.json; nullptr: there is none, or the model is a subclassed
  // one, whose config tells nothing of its layers.
  const KerasModel* model = nullptr;
  KerasOptimizer optimizer;  // unknown where nothing was compiled
  SlotDialect dialect = SlotDialect::kKeras3;
  std::string version;  // of Keras; empty: not told
};

// Adds weights in the order of the model, then the optimizer's variables, and
// the layers. Returns the weights that may have slots.
SlotOwners ListStoreWeights(const KerasStore& store,
                            const StoreContext& context, Layout* layout);

// Adds `optimizer/…`; sets the step. What is stored twice (the inner optimizer
// of a wrapper) is one variable with both keys.
void ListStoreOptimizer(const KerasStore& store, const StoreContext& context,
                        const SlotOwners& owners, Layout* layout);

// Whether the path of a group belongs to the optimizer.
bool IsOptimizerPath(std::string_view path);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_STORE_LAYOUT_H_
