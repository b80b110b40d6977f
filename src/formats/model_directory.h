// The directory a model stands in, as the Hugging Face libraries write it:
//
//   model.safetensors, pytorch_model.bin, ..., or an index of shards
//   config.json           "transformers_version"
//   adapter_config.json   "peft_version", beside an adapter
//   trainer_state.json    "global_step", in a trainer's checkpoint
//   checkpoint-500/       the same again, in a trainer's run directory

#ifndef CKPTDIFF_FORMATS_MODEL_DIRECTORY_H_
#define CKPTDIFF_FORMATS_MODEL_DIRECTORY_H_

#include <optional>
#include <span>
#include <string_view>

#include "ckptdiff/layout.h"
#include "io/source.h"

namespace ckptdiff {

// The file that a model directory stands for: the first of `names` that is in
// it; else the same in its newest `checkpoint-<step>`, as a trainer resumes.
std::optional<Source> FindModelFile(const Source& directory,
                                    std::span<const std::string_view> names);

// Fills in what the files beside a model tell: writer (config.json) and step
// (trainer_state.json). What is absent or damaged tells nothing.
void DescribeFromSidecars(const Source& model_file, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_MODEL_DIRECTORY_H_
