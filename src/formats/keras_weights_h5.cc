// Keras 3 stores without an archive around them: what save_weights writes as
// `.weights.h5` since tf-keras 2.12 (keras_store.h), and since Keras 3.10 in
// shards that a JSON ties together:
//
//   model.weights.json    {"metadata": {"total_size": 4096},
//                          "weight_map": {"/layers/dense/vars":
//                                         "model_00000.weights.h5"}}
//
// There are no variable names in here and, before Keras 3.6, no layer names.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/parse_error.h"
#include "container/hdf5_file.h"
#include "container/json_doc.h"
#include "formats/format.h"
#include "formats/keras/hdf5.h"
#include "formats/keras/shards.h"
#include "formats/keras/store_layout.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions&) {
  if (IsKerasShardIndex(source)) {
    Claim claim{.match = Match::kYes};
    for (const std::string& shard : PeekShards(source)) {
      claim.members.push_back(source.Sibling(shard).path());
    }
    return claim;
  }
  if (SniffKerasHdf5(source) != KerasHdf5::kStore) return {};
  // In an unpacked .keras, the directory is the checkpoint.
  bool is_part = source.name() == "model.weights.h5" &&
                 source.Sibling("config.json").is_file() &&
                 source.Sibling("metadata.json").is_file();
  return {.match = is_part ? Match::kMaybe : Match::kYes};
}

// Nothing in the file says who wrote it. Keras 3 alone labels its objects,
// tf-keras alone calls the first weight group by an older name.
SlotDialect DialectOf(const KerasStore& store) {
  auto optimizer = store.find("optimizer");
  if (optimizer != store.end() && optimizer->second.variables.size() > 1) {
    // Keras 3 has the learning rate behind the iteration, tf-keras a slot.
    const Variable& second = optimizer->second.variables[1].variable;
    return second.shape.dims.empty() ? SlotDialect::kKeras3
                                     : SlotDialect::kKeras2;
  }
  return SlotDialect::kKeras3;
}

Layout Read(const Source& source, const ReadOptions&) {
  Layout layout;
  KerasStore store;
  if (IsKerasShardIndex(source)) {
    ReadShards(source, &store, &layout);
  } else {
    Hdf5Tree tree = ReadHdf5(source.file());
    if (KindOf(tree.root) != KerasHdf5::kStore) {
      throw ParseError(ForeignHdf5(tree.root));
    }
    AddToStore(tree.root, {}, &store);
    layout.issues = Hdf5Issues(tree);
  }
  layout.source.format = "keras-weights-h5";
  layout.source.framework = "keras";
  layout.source.addressed_by = AddressedBy::kOrder;
  StoreContext context;
  context.dialect = DialectOf(store);
  SlotOwners owners = ListStoreWeights(store, context, &layout);
  ListStoreOptimizer(store, context, owners, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kKerasWeightsH5 = {
    .id = "keras-weights-h5",
    .summary = "Keras weights as Keras 3 stores them, whole or in shards",
    .extensions = "*.weights.h5 *.weights.json",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
