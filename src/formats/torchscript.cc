// TorchScript, torch.jit.save(): the archive of torch_zip.cc with
//
//   <root>/code/…          the source of the modules, deflated
//   <root>/constants.pkl   constants of that code, in <root>/constants/<n>
//
// Here data.pkl is one object of a class `__torch__.…`; its attributes are the
// parameters, the buffers and the submodules, and names are joined with '.' as
// in its state_dict. Which of them are parameters stands only in the code.
//
// Files of torch 1.0 (`model.json` and `tensors/`) are not read.
//
// Reference: torch/csrc/jit/serialization/export.cpp.

#include "formats/format.h"
#include "formats/torch_archive.h"
#include "formats/torch_layout.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions&) {
  bool is_one = PeekTorchArchive(source) == TorchArchiveKind::kScript;
  return {.match = is_one ? Match::kYes : Match::kNo};
}

Layout Read(const Source& source, const ReadOptions& options) {
  TorchArchive archive(source.file());
  Pickle pickle = archive.ReadPickle();
  Layout layout = BuildTorchLayout(TorchObject::Of(pickle), archive, options);
  layout.source.format = "torchscript";
  layout.source.writer = "TorchScript";
  if (options.verify) archive.Verify(&layout);
  archive.ListDuplicates(&layout);
  return layout;
}

}  // namespace

extern constexpr Format kTorchScript = {
    .id = "torchscript",
    .summary = "TorchScript modules, by torch.jit.save",
    .extensions = "*.pt *.pth *.jit *.ts",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
