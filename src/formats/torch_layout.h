// From the tree of a torch file to its Layout: names, roles, slots and owners,
// ties, byte ranges, step. Shared by the torch formats.

#ifndef CKPTDIFF_FORMATS_TORCH_LAYOUT_H_
#define CKPTDIFF_FORMATS_TORCH_LAYOUT_H_

#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "container/pickle.h"
#include "formats/torch_storages.h"
#include "formats/torch_tree.h"

namespace ckptdiff {

// What a torch file pickled.
struct TorchObject {
  const PickleValue* root = nullptr;
  uint64_t bytes = 0;  // of the pickle: bounds what an honest one can hold
  std::vector<std::string_view> globals;
  TensorDecoder decode = ReadTensor;

  // Of a whole pickle, which must outlive it.
  static TorchObject Of(const Pickle& pickle) {
    return {&pickle.root(), pickle.end(), pickle.globals()};
  }
};

// Lists what the object holds. Fills everything but
// source.path and source.format. Throws as TorchTree and FindTorchParts.
Layout BuildTorchLayout(const TorchObject& object,
                        const TorchStorages& storages,
                        const ReadOptions& options);

// Lists what an optimizer's own file holds. Owners are variables of `model`,
// the layout that it stands beside.
Layout BuildTorchSidecar(const TorchObject& object,
                         const TorchStorages& storages, const Layout& model);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_LAYOUT_H_
