// The groups of a Keras 3 store, out of one HDF5 file or many shards. Each
// stateful object is one group, its own variables are `vars/0`, `vars/1`, …
// inside it, and its path is made of attribute names and class names:
//
//   layers/dense_1/vars/0            the second Dense, its kernel
//   layers/lstm/cell/vars/2
//   layers/sequential/layers/dense/vars/0    a nested model
//   optimizer/vars/3
//
// Since Keras 3.6, `vars` carries the object's real name in an attribute.

#ifndef CKPTDIFF_FORMATS_KERAS_STORE_H_
#define CKPTDIFF_FORMATS_KERAS_STORE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/hdf5_file.h"

namespace ckptdiff {

struct StoredVariable {
  Variable variable;            // key, shape, dtype, bytes, data
  std::string leaf;             // "0"; a custom layer may write any name
  std::optional<int64_t> step;  // the value, of whole numbers of rank 0
};

// Its place among the variables of its object; nullopt: a name.
std::optional<uint64_t> NumberOf(const StoredVariable& stored);

struct StoreGroup {
  std::string label;  // the `name` attribute; empty before Keras 3.6
  std::vector<StoredVariable> variables;  // by number, then by name
};

struct PathLess {
  bool operator()(const std::string& a, const std::string& b) const;
};

// By normalised path: "layers/dense" whatever the separator, and whether the
// writer called the container `layers` or `_layer_checkpoint_dependencies`.
using KerasStore = std::map<std::string, StoreGroup, PathLess>;

// Where the HDF5 file lies that the groups come from.
struct StoreFile {
  std::string name;  // as in ByteRange::file
  // Offset of the file's bytes in it; nullopt: they are compressed there.
  std::optional<uint64_t> offset = 0;
};

void AddToStore(const Hdf5Node& root, const StoreFile& file, KerasStore* store);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_STORE_H_
