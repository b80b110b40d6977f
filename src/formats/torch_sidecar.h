// The optimizer that a trainer saves in a file of its own beside the model:
// `optimizer.pt` of the Hugging Face Trainer, `optimizer.bin` of accelerate.

#ifndef CKPTDIFF_FORMATS_TORCH_SIDECAR_H_
#define CKPTDIFF_FORMATS_TORCH_SIDECAR_H_

#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "io/source.h"

namespace ckptdiff {

// Adds what the optimizer file in `directory` holds, if there is one, to the
// layout of the model beside it (of whatever format): slots with their owners,
// the optimizer with its settings, and the step where the layout has none yet.
// Byte ranges name the file. Damage of that file becomes an issue.
void AddTorchSidecars(const Source& directory, const ReadOptions& options,
                      Layout* layout);

// The paths of the files that a trainer keeps beside a model in `directory`
// (optimizer, scheduler, random states, …), as far as they are there: members
// of the same checkpoint.
std::vector<std::string> TorchSidecars(const Source& directory);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_SIDECAR_H_
