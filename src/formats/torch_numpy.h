// NumPy arrays inside pickles: a call of `_reconstruct` that BUILD fills, or of
// `_frombuffer` under protocol 5.

#ifndef CKPTDIFF_FORMATS_TORCH_NUMPY_H_
#define CKPTDIFF_FORMATS_TORCH_NUMPY_H_

#include <optional>

#include "container/pickle.h"
#include "formats/torch_tensor.h"

namespace ckptdiff {

// nullopt where `value` is no array (a NumPy scalar is none). Never throws: an
// array that is not understood has no shape or dtype.
std::optional<TorchTensor> ReadNumpyArray(const PickleValue& value);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_NUMPY_H_
