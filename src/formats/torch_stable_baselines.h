// Archives of Stable-Baselines3: a zip around several torch files.

#ifndef CKPTDIFF_FORMATS_TORCH_STABLE_BASELINES_H_
#define CKPTDIFF_FORMATS_TORCH_STABLE_BASELINES_H_

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "io/file_system.h"

namespace ckptdiff {

// Fills everything but source.path and source.format. Throws ParseError.
Layout ReadStableBaselines(const File& file, const ReadOptions& options);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_STABLE_BASELINES_H_
