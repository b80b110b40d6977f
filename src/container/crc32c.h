// CRC-32C (Castagnoli), which LevelDB tables, tensor bundles and OCDBT store.

#ifndef CKPTDIFF_CONTAINER_CRC32C_H_
#define CKPTDIFF_CONTAINER_CRC32C_H_

#include <cstdint>

#include "base/bytes.h"

namespace ckptdiff {

// The checksum of what `crc` is the checksum of, followed by `bytes`.
uint32_t ExtendCrc32c(uint32_t crc, Bytes bytes);

inline uint32_t Crc32c(Bytes bytes) { return ExtendCrc32c(0, bytes); }

// LevelDB and TensorFlow store a checksum rotated and shifted, so that the
// checksum of bytes that hold checksums stays good.
inline uint32_t MaskCrc32c(uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_CRC32C_H_
