// Tensors as torch pickles them: a call of a `_rebuild_…` function over a
// storage that stands elsewhere under a key. NumPy arrays inside torch files
// are read here as well.

#ifndef CKPTDIFF_FORMATS_TORCH_TENSOR_H_
#define CKPTDIFF_FORMATS_TORCH_TENSOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/pickle.h"
#include "formats/torch_storage_id.h"

namespace ckptdiff {

struct TorchTensor {
  std::string dtype;  // empty: unknown
  Shape shape;
  std::optional<uint64_t> bytes;  // of the content, written out
  // Where it stands. Absent: sparse parts, meta tensors, NumPy arrays.
  std::optional<TorchStorage> storage;
  uint64_t offset = 0;  // of the first element in the storage, in bytes
  uint64_t end = 0;     // behind the last byte it reaches; 0 without elements
  std::vector<int64_t> strides;
  bool is_contiguous = false;
  std::optional<bool> is_parameter;  // nullopt: a plain tensor, either
  std::optional<bool> requires_grad;
  bool is_numpy = false;
  // A DTensor holds one rank's part; shape and bytes are the whole's.
  std::optional<Shape> local_shape;
};

// nullopt where `value` is no tensor. Throws ParseError(kCorrupt) where it is
// one with impossible arguments; `where` names it.
std::optional<TorchTensor> ReadTensor(const PickleValue& value,
                                      std::string_view where);

// ReadTensor, or how another container describes its tensors.
using TensorDecoder = std::function<std::optional<TorchTensor>(
    const PickleValue& value, std::string_view where)>;

// "float32" of "torch.float32", torch's name for a dtype as a global.
std::string TorchDType(std::string_view global);

// The numbers of a shape: a tuple, a list or a torch.Size of one.
std::optional<std::vector<int64_t>> ReadDims(const PickleValue* value);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_TENSOR_H_
