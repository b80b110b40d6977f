// The header of a .npy file, which is also the head of each member of a .npz:
//
//   93 "NUMPY" · u8 major · u8 minor · header length (u16 for 1.0, u32 later)
//   {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  spaces  \n
//
// The header is a Python literal; a small grammar reads it, nothing is
// evaluated. `descr` is a byte order (< > | =), a kind and a size, or a list
// of fields for a structured type.

#ifndef CKPTDIFF_CONTAINER_NPY_HEADER_H_
#define CKPTDIFF_CONTAINER_NPY_HEADER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

struct NpyHeader {
  // numpy's name: "float32", "str96", "void120", "datetime64[D]", "object".
  std::string dtype;
  uint64_t item_size = 0;  // bytes; 0 for objects, whose size no one knows
  bool is_big_endian = false;
  bool is_object = false;  // a pickle follows
  bool fortran_order = false;
  std::vector<int64_t> shape;
  uint64_t data_offset = 0;  // from the magic

  // Of the data; nullopt for objects, or beyond 2^64.
  std::optional<uint64_t> DataSize() const;
};

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";
// As many bytes as tell how long the header is.
inline constexpr uint64_t kNpyPrologue = 12;

// Offset of the data, from the first kNpyPrologue bytes; throws ParseError
// where they are no npy or the header is longer than any real one.
uint64_t NpyDataOffset(std::string_view prologue);

// `head`: at least up to the data. Throws ParseError(kCorrupt).
NpyHeader ParseNpyHeader(std::string_view head);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_NPY_HEADER_H_
