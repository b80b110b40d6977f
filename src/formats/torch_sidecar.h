// The optimizer that a trainer saves in a file of its own beside the model:
// `optimizer.pt` of the Hugging Face Trainer, `optimizer.bin` of accelerate.

#ifndef CKPTDIFF_FORMATS_TORCH_SIDECAR_H_
#define CKPTDIFF_FORMATS_TORCH_SIDECAR_H_

#include "ckptdiff/layout.h"
#include "ckptdiff/read.h"
#include "formats/format.h"
#include "io/source.h"

namespace ckptdiff {

// Adds what the optimizer file beside `model_file` holds, if there is one, to
// the model's layout (of whatever format): slots with their owners,
// the optimizer with its settings, and the step where the layout has none yet.
// Byte ranges name the file. Damage of that file becomes an issue.
void AddTorchSidecars(const Source& model_file, const ReadOptions& options,
                      Layout* layout);

// Claims the files that a trainer keeps beside a model (optimizer, scheduler,
// random states, …) as members of the same checkpoint.
void ClaimTorchSidecars(const Source& model_file, Claim* claim);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_SIDECAR_H_
