// NPY: one array of NumPy (container/npy_header.h tells the bytes). The file
// holds no name; the array is called as the file, without its extension.

#include "container/npy_header.h"
#include "formats/format.h"
#include "formats/npy_array.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions&) {
  bool is_one = source.Peek(0, kNpyMagic.size()) == kNpyMagic;
  return {.match = is_one ? Match::kYes : Match::kNo};
}

Layout Read(const Source& source, const ReadOptions&) {
  uint64_t data = NpyDataOffset(source.Peek(0, kNpyPrologue));
  NpyHeader header = ParseNpyHeader(source.Peek(0, static_cast<size_t>(data)));
  std::string name = source.name();
  if (name.ends_with(".npy")) name.resize(name.size() - 4);
  Layout layout;
  layout.source.format = "npy";
  layout.source.framework = "numpy";
  AddNpyArray(header, std::move(name), source.size(), 0, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kNpy = {
    .id = "npy",
    .summary = "NumPy array",
    .extensions = "*.npy",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
