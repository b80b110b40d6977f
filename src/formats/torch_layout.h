// From the tree of a torch file to its Layout: names, roles, slots and owners,
// ties, byte ranges, step. Shared by the torch formats.

#ifndef CKPTDIFF_FORMATS_TORCH_LAYOUT_H_
#define CKPTDIFF_FORMATS_TORCH_LAYOUT_H_

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "container/pickle.h"
#include "formats/torch_storages.h"
#include "formats/torch_tree.h"

namespace ckptdiff {

// Lists what the pickle of a torch file holds. Fills everything but
// source.path and source.format. Throws as TorchTree and FindTorchParts.
Layout BuildTorchLayout(const Pickle& pickle, const TorchStorages& storages,
                        const ReadOptions& options);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_LAYOUT_H_
