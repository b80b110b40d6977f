// PyTorch before 1.6, and since then with _use_new_zipfile_serialization=False:
// pickles one behind the other, then the bytes of the storages,
//
//   pickle   0x1950a86a20f9469cfc6c, the magic number
//   pickle   1001, the version of this protocol
//   pickle   {'little_endian': True, 'type_sizes': {…}, …}
//   pickle   the object; its persistent ids name storages by a key
//   pickle   [key, …], the storages in the order in which they follow
//   per key  int64 number of elements, then the bytes
//
// An id has six parts here: the last is None, or describes a view of another
// storage (very old files). Nothing is checksummed. With protocol 1 the magic
// number is a line of digits; protocol 0 cannot say what an id is, and torch
// does not load it either.
//
// Reference: torch/serialization.py, _legacy_save.

#include "base/parse_error.h"
#include "formats/format.h"
#include "formats/torch_file.h"
#include "formats/torch_layout.h"

namespace ckptdiff {
namespace {

constexpr size_t kTarHeader = 512;

// torch 0.1: a tar of the members storages, tensors and pickle.
bool IsOldTar(const Source& source) {
  std::string head = source.Peek(0, kTarHeader);
  if (head.size() < kTarHeader || head.substr(257, 5) != "ustar") return false;
  std::string_view name(head.c_str());
  return name == "storages" || name == "tensors" || name == "pickle" ||
         name == "sys_info";
}

Claim Detect(const Source& source, const ReadOptions&) {
  bool is_one = IsTorchLegacy(source) || IsOldTar(source);
  return {.match = is_one ? Match::kYes : Match::kNo};
}

Layout Read(const Source& source, const ReadOptions& options) {
  if (IsOldTar(source)) {
    throw Unsupported({}, "a tar archive of torch 0.1",
                      "load it with a torch before 1.0 and save it again");
  }
  TorchLegacyFile file(source.file());
  Layout layout =
      BuildTorchLayout(TorchObject::Of(file.pickle()), file, options);
  layout.source.format = "torch-legacy";
  return layout;
}

}  // namespace

extern constexpr Format kTorchLegacy = {
    .id = "torch-legacy",
    .summary = "PyTorch before 1.6, or without zip",
    .extensions = "*.pt *.pth *.th *.bin *.ckpt *.tar",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
