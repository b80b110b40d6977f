// Zstandard with a limit. The only home of libzstd.

#ifndef CKPTDIFF_CONTAINER_ZSTD_FRAME_H_
#define CKPTDIFF_CONTAINER_ZSTD_FRAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ckptdiff {

bool LooksLikeZstd(std::string_view bytes);

// One frame, inflated; nullopt where it is damaged or has more than `limit`
// bytes. Never allocates more than that.
std::optional<std::string> InflateZstd(std::string_view bytes, uint64_t limit);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_ZSTD_FRAME_H_
