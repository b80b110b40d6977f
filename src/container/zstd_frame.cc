#include "container/zstd_frame.h"

#include <zstd.h>

#include <algorithm>
#include <memory>

namespace ckptdiff {
namespace {

constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";
constexpr size_t kStep = size_t{64} << 10;

}  // namespace

bool LooksLikeZstd(std::string_view bytes) { return bytes.starts_with(kMagic); }

std::optional<std::string> InflateZstd(std::string_view bytes, uint64_t limit) {
  std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                             ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::string out;
  while (true) {
    size_t done = out.size();
    size_t room = static_cast<size_t>(std::min<uint64_t>(kStep, limit - done));
    out.resize(done + room);
    ZSTD_outBuffer to{out.data(), out.size(), done};
    size_t left = ZSTD_decompressStream(context.get(), &to, &in);
    out.resize(to.pos);
    if (ZSTD_isError(left)) return std::nullopt;
    if (left == 0) return out;
    // More to come, but nothing to take it from or no room for it.
    if (to.pos == done) return std::nullopt;
  }
}

}  // namespace ckptdiff
