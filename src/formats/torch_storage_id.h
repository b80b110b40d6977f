// What a pickle of torch says of a storage: its bytes stand elsewhere, under a
// key.

#ifndef CKPTDIFF_FORMATS_TORCH_STORAGE_ID_H_
#define CKPTDIFF_FORMATS_TORCH_STORAGE_ID_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "container/pickle.h"

namespace ckptdiff {

// A run of bytes that tensors look into. Two tensors of one storage are tied
// where they also have the same place in it.
struct TorchStorage {
  std::string_view key;      // view of the pickle
  uint64_t bytes = 0;        // that its persistent id claims
  uint64_t item_bytes = 1;   // of an element of its class
  uint64_t view_offset = 0;  // very old files: of a view of it, in bytes
  std::string_view dtype;    // empty: untyped
};

// ('storage', class, key, location, numel[, view]) behind a persistent id;
// nullopt where it is none, or of a class that is not known.
std::optional<TorchStorage> ReadStorage(const PickleValue& value);

// Bytes of an element, as torch stores it: one at least. nullopt for a dtype
// that is not known.
std::optional<uint64_t> ItemBytes(std::string_view dtype);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_STORAGE_ID_H_
