// Moving averages in torch files, tied to the weights that they follow.

#ifndef CKPTDIFF_FORMATS_TORCH_AVERAGES_H_
#define CKPTDIFF_FORMATS_TORCH_AVERAGES_H_

#include "formats/torch_state.h"

namespace ckptdiff {

// Gives every average that is listed its owner, where the file settles it.
void TieTorchAverages(TorchListing* listing);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_AVERAGES_H_
