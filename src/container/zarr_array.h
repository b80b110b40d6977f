// The metadata of one Zarr array, of either version, and the value of a scalar
// one. Zarr 2 keeps them in `<array>/.zarray`, Zarr 3 in `<array>/zarr.json`.

#ifndef CKPTDIFF_CONTAINER_ZARR_ARRAY_H_
#define CKPTDIFF_CONTAINER_ZARR_ARRAY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

struct ZarrArray {
  int version = 2;
  std::vector<int64_t> shape;
  std::string dtype;       // numpy / ml_dtypes name; empty: unknown
  uint64_t item_size = 0;  // bytes; 0: unknown
  bool is_big_endian = false;

  // Of the only chunk of a scalar: "0" (version 2), "c" (version 3).
  std::string_view ScalarChunk() const { return version == 2 ? "0" : "c"; }
};

inline constexpr std::string_view kZarr2Metadata = ".zarray";
inline constexpr std::string_view kZarr3Metadata = "zarr.json";

// Throws ParseError(kCorrupt), naming `where`; Unsupported for a group.
ZarrArray ParseZarrArray(std::string_view json, std::string_view where);

// The value of a scalar integer from its only chunk, compressed with zstd or
// not at all, in a shard or not. nullopt where that does not work out: a step
// that cannot be told is no reason to refuse a checkpoint.
std::optional<int64_t> ZarrScalar(const ZarrArray& array,
                                  std::string_view chunk);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_ZARR_ARRAY_H_
