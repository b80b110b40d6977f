// The shards of a Keras 3 store: `model.weights.json` and what it names.

#ifndef CKPTDIFF_FORMATS_KERAS_SHARDS_H_
#define CKPTDIFF_FORMATS_KERAS_SHARDS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/keras/store.h"
#include "io/source.h"

namespace ckptdiff {

// For detectors.
bool IsKerasShardIndex(const Source& source);
std::vector<std::string> PeekShards(const Source& source);

// A shard by its name; `file` is null where there is none.
struct OpenedShard {
  std::unique_ptr<File> file;
  StoreFile place;
};
using OpenShard = std::function<OpenedShard(const std::string& name)>;

// Adds all groups of all shards; a shard that is missing is an issue, and its
// groups are listed as variables of unknown shape.
void ReadShards(const std::string& index, const OpenShard& open,
                KerasStore* store, Layout* layout);
// The same for an index that stands beside its shards.
void ReadShards(const Source& index, KerasStore* store, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_SHARDS_H_
