// NPY: one array of NumPy (container/npy_header.h tells the bytes). The file
// holds no name; the array is called as the file, without its extension.
//
// Arrays that were saved into one open file stand one behind the other, each
// with its header: Equinox writes the leaves of a model like that (.eqx), in
// the order of the tree. They are numbered.

#include "base/bytes.h"
#include "container/npy_header.h"
#include "formats/format.h"
#include "formats/npy_array.h"

namespace ckptdiff {
namespace {

Claim Detect(const Source& source, const ReadOptions&) {
  bool is_one = source.Peek(0, kNpyMagic.size()) == kNpyMagic;
  return {.match = is_one ? Match::kYes : Match::kNo};
}

NpyHeader HeaderAt(const Source& source, uint64_t begin) {
  uint64_t data = NpyDataOffset(source.Peek(begin, kNpyPrologue));
  return ParseNpyHeader(source.Peek(begin, static_cast<size_t>(data)));
}

// Where the array that begins at `begin` ends: at the next one, else at the end
// of the file.
uint64_t EndOf(const Source& source, const NpyHeader& header, uint64_t begin) {
  std::optional<uint64_t> end = header.DataSize();
  if (end) end = CheckedAdd(*end, begin + header.data_offset);
  bool is_followed = end && *end < source.size() &&
                     source.Peek(*end, kNpyMagic.size()) == kNpyMagic;
  return is_followed ? *end : source.size();
}

Layout Read(const Source& source, const ReadOptions&) {
  Layout layout;
  layout.source.format = "npy";
  layout.source.framework = "numpy";
  uint64_t begin = 0;
  for (size_t i = 0; begin < source.size() || i == 0; ++i) {
    NpyHeader header = HeaderAt(source, begin);
    uint64_t end = EndOf(source, header, begin);
    bool is_alone = i == 0 && end == source.size();
    std::string name = is_alone ? source.name() : std::to_string(i);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    AddNpyArray(header, std::move(name), end - begin, begin, &layout);
    begin = end;
  }
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
