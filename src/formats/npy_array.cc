#include "formats/npy_array.h"

#include <fmt/format.h>

#include <utility>

namespace ckptdiff {

void AddNpyArray(const NpyHeader& header, std::string name, uint64_t size,
                 std::optional<uint64_t> position, Layout* layout) {
  Variable variable;
  variable.name = std::move(name);
  variable.key = variable.name;
  variable.shape = Shape::Of(header.shape);
  variable.dtype = header.dtype;
  variable.bytes = header.DataSize();
  uint64_t stored = size - header.data_offset;
  if (header.is_object) {
    layout->issues.push_back(
        {"unsafe-pickle", variable.name,
         "its values are a pickle, which is not read: numpy.load refuses it "
         "without allow_pickle=True"});
  } else if (variable.bytes != stored) {
    layout->issues.push_back(
        {stored < variable.bytes ? "truncated-data" : "unwritten-data",
         variable.name,
         fmt::format("{} {} takes {} bytes, {} are there", variable.dtype,
                     ToString(variable.shape), variable.bytes.value_or(0),
                     stored)});
  }
  // Bytes that lie in another order are not what a byte range promises.
  bool is_plain = !header.is_big_endian && !header.is_object &&
                  (!header.fortran_order || header.shape.size() < 2);
  if (position && is_plain && variable.bytes && *variable.bytes <= stored) {
    variable.data =
        ByteRange{{}, *position + header.data_offset, *variable.bytes};
  }
  layout->variables.push_back(std::move(variable));
}

}  // namespace ckptdiff
