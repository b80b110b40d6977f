// PyTorch since 1.6, torch.save(): a zip archive of stored members,
//
//   <root>/data.pkl     a pickle of the whole object; tensors are calls of
//                       _rebuild_… over storages that it names by a key
//   <root>/data/<key>   the bytes of one storage
//   <root>/byteorder    "little" or "big", since torch 2.1
//   <root>/version      "3"
//
// <root> is the file's name when it was saved ("archive" for a buffer), so it
// is found, never derived. The pickle is interpreted, nothing in it is run
// (container/pickle.h). Under torch.serialization.skip_data() storages are left
// as holes: they are the only members whose CRC-32 is 0.
//
// A TorchScript file is such an archive with `code/` (torchscript.cc).
//
// Also read: Hugging Face directories of `pytorch_model.bin`, sharded or not,
// directories with one checkpoint of Lightning or with those of DeepSpeed
// (`latest`, <tag>/mp_rank_00_model_states.pt; the optimizer's flat partitions,
// one file a rank, are read when they are named), and the archives of
// Stable-Baselines3, which hold several such files.
//
// Reference: torch/serialization.py, caffe2/serialize/inline_container.cc.

#include <algorithm>
#include <array>
#include <optional>

#include "base/parse_error.h"
#include "formats/format.h"
#include "formats/model_directory.h"
#include "formats/shard_index.h"
#include "formats/torch_archive.h"
#include "formats/torch_layout.h"
#include "formats/torch_sidecar.h"
#include "formats/torch_stable_baselines.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 2> kShardExtensions = {".bin", ".pt"};
// The last name is Lightning's, of ModelCheckpoint(save_last=True).
constexpr std::array<std::string_view, 3> kModelFiles = {
    "pytorch_model.bin.index.json", "pytorch_model.bin", "last.ckpt"};

// DeepSpeed's model: whole (ZeRO 1 and 2), or the first of its shards (3).
constexpr std::array<std::string_view, 2> kDeepSpeedFiles = {
    "mp_rank_00_model_states.pt", "zero_pp_rank_0_mp_rank_00_model_states.pt"};

// Where DeepSpeed's newest step stands: `latest`, a line of text, says which.
Source DeepSpeedStep(const Source& directory) {
  constexpr size_t kMaxTag = 256;
  std::string tag = directory.Child("latest").Peek(0, kMaxTag);
  tag.resize(std::min(tag.size(), tag.find_first_of("\r\n")));
  bool is_plain =
      !tag.empty() && tag.find('/') == tag.npos && !tag.starts_with("..");
  return is_plain ? directory.Child(tag) : directory;
}

// The file that a directory stands for: what its framework would take, else
// the only checkpoint of Lightning in it.
std::optional<Source> Resolve(const Source& directory) {
  std::optional<Source> model = FindModelFile(directory, kModelFiles);
  if (!model) model = FindModelFile(DeepSpeedStep(directory), kDeepSpeedFiles);
  if (model) return model;
  for (const std::string& name : directory.Entries()) {
    if (!name.ends_with(".ckpt")) continue;
    if (model) return std::nullopt;
    model = directory.Child(name);
  }
  return model;
}

Claim ClaimFile(const Source& source) {
  Claim claim;
  switch (PeekTorchArchive(source)) {
    case TorchArchiveKind::kPickle:
    case TorchArchiveKind::kExport:
    case TorchArchiveKind::kPackage:
    case TorchArchiveKind::kStableBaselines: claim.match = Match::kYes; break;
    case TorchArchiveKind::kScript:
    case TorchArchiveKind::kNone: break;
  }
  return claim;
}

Claim Detect(const Source& source, const ReadOptions& options) {
  if (source.is_directory()) {
    std::optional<Source> model = Resolve(source);
    if (!model || !model->is_file()) return {};
    Claim claim = Detect(*model, options);
    if (claim.match == Match::kNo) return claim;
    claim.primary = model->path();
    ClaimTorchSidecars(*model, &claim);
    return claim;
  }
  if (IsShardIndex(source, kShardExtensions)) return ClaimShardIndex(source);
  return ClaimFile(source);
}

Layout ReadFile(const Source& source, const ReadOptions& options) {
  switch (PeekTorchArchive(source)) {
    case TorchArchiveKind::kExport:
      throw Unsupported({},
                        "a program of torch.export (.pt2), not a checkpoint",
                        "save its state_dict: torch.save(torch.export.load("
                        "FILE).state_dict, OUT)");
    case TorchArchiveKind::kPackage:
      throw Unsupported({}, "a torch.package archive, not a checkpoint",
                        "load its model and save model.state_dict()");
    case TorchArchiveKind::kStableBaselines:
      return ReadStableBaselines(source.file(), options);
    default: break;
  }
  TorchArchive archive(source.file());
  Pickle pickle = archive.ReadPickle();
  Layout layout = BuildTorchLayout(TorchObject::Of(pickle), archive, options);
  if (options.verify) archive.Verify(&layout);
  archive.ListDuplicates(&layout);
  return layout;
}

Layout Read(const Source& source, const ReadOptions& options) {
  Layout layout;
  if (source.is_directory()) {
    std::optional<Source> model = Resolve(source);
    if (!model) throw Corrupt({}, "the model file is gone");
    layout = Read(*model, options);
    layout.source.resolved = model->path();
    DescribeFromSidecars(*model, &layout);
    AddTorchSidecars(*model, options, &layout);
    return layout;
  }
  bool is_index = IsShardIndex(source, kShardExtensions);
  layout = is_index ? ReadShards(source, options) : ReadFile(source, options);
  layout.source.format = "torch-zip";
  return layout;
}

}  // namespace

extern constexpr Format kTorchZip = {
    .id = "torch-zip",
    .summary =
        "PyTorch since 1.6: state_dicts, bundles, whole modules, "
        "Lightning",
    .extensions = "*.pt *.pth *.bin *.ckpt *.tar",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
