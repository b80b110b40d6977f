// NPZ: a zip archive of .npy members, as numpy.savez and savez_compressed
// write it.
//
//   params/Dense_0/kernel.npy   stored, or deflated
//   arr_0.npy                   an array that was given no name
//
// A variable's name is its member's without ".npy". Only the head of a member
// is inflated; sizes come from the archive's directory. The zip carries a
// CRC-32 of each member. An optimizer or a step is there only by the user's own
// convention, so everything is a weight. Keras' NPZ store holds pickled
// dictionaries: their names are all that is told.

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/npy_header.h"
#include "container/zip_archive.h"
#include "formats/format.h"
#include "formats/npy_array.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kExtension = ".npy";

Claim Detect(const Source& source, const ReadOptions&) {
  if (!LooksLikeZip(source)) return {};
  std::vector<std::string> names = PeekZipNames(source);
  auto is_array = [](const std::string& name) {
    return name.ends_with(kExtension);
  };
  auto arrays = std::count_if(names.begin(), names.end(), is_array);
  if (arrays == 0) return {};
  bool all = static_cast<size_t>(arrays) == names.size();
  return {.match = all ? Match::kYes : Match::kMaybe};
}

void AddMember(const ZipArchive& archive, const ZipMember& member,
               Layout* layout) {
  uint64_t data = NpyDataOffset(archive.ReadHead(member, kNpyPrologue));
  NpyHeader header = ParseNpyHeader(archive.ReadHead(member, data));
  std::optional<uint64_t> position;
  if (member.stored()) position = archive.DataOffset(member);
  std::string name = member.name;
  name.resize(name.size() - kExtension.size());
  AddNpyArray(header, std::move(name), member.size, position, layout);
}

void Verify(const ZipArchive& archive, Layout* layout) {
  for (const ZipMember& member : archive.members()) {
    if (std::optional<std::string> damage = archive.Damage(member)) {
      layout->issues.push_back({"checksum-mismatch", member.name, *damage});
    }
  }
}

Layout Read(const Source& source, const ReadOptions& options) {
  ZipArchive archive(source.file());
  Layout layout;
  layout.source.format = "npz";
  layout.source.framework = "numpy";
  for (const ZipMember& member : archive.members()) {
    if (!member.name.ends_with(kExtension)) continue;
    if (archive.Find(member.name) != &member) continue;  // see duplicates
    AddMember(archive, member, &layout);
  }
  for (const std::string& name : archive.duplicates()) {
    layout.issues.push_back(
        {"duplicate-variable", name,
         "stands twice in the archive; NumPy reads the last one"});
  }
  if (options.verify) Verify(archive, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kNpz = {
    .id = "npz",
    .summary = "NumPy archive of arrays",
    .extensions = "*.npz",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
