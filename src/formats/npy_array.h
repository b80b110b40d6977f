// What an .npy header says as a variable: shared by .npy and .npz, which is a
// zip of them.

#ifndef CKPTDIFF_FORMATS_NPY_ARRAY_H_
#define CKPTDIFF_FORMATS_NPY_ARRAY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "ckptdiff/layout.h"
#include "container/npy_header.h"

namespace ckptdiff {

// Appends the array called `name`, whose npy stream has `size` bytes, to the
// layout, with an issue where header and size contradict each other or the
// data are a pickle. `position`: of the stream in the file, where it lies there
// uncompressed.
void AddNpyArray(const NpyHeader& header, std::string name, uint64_t size,
                 std::optional<uint64_t> position, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_NPY_ARRAY_H_
