#include "formats/torch_archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kPickleName = "data.pkl";
constexpr uint64_t kMaxInflatedPickle = uint64_t{256} << 20;
constexpr size_t kDamageShown = 20;

// "data.pkl" in the first directory or in none: not "x/sample/data.pkl".
bool IsRootPickle(std::string_view name) {
  if (!name.ends_with(kPickleName)) return false;
  name.remove_suffix(kPickleName.size());
  return name.empty() ||
         (name.ends_with('/') && name.find('/') + 1 == name.size());
}

// What stands behind the first directory.
std::string_view BehindRoot(std::string_view name) {
  size_t slash = name.find('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

// A deflated pickle can be a bomb; stored ones are read in place.
uint64_t PickleLimit(const ZipMember& member) {
  return std::min(kMaxInflatedPickle,
                  member.packed_size * 32 + (uint64_t{1} << 20));
}

}  // namespace

TorchArchiveKind PeekTorchArchive(const Source& source) {
  bool has_pickle = false, has_code = false, has_data = false;
  bool has_export = false, has_package = false, has_policy = false;
  for (std::string_view name : PeekZipNames(source)) {
    std::string_view inner = BehindRoot(name);
    has_pickle |= IsRootPickle(name);
    has_code |= inner == "constants.pkl" || inner.starts_with("code/");
    has_data |= inner.starts_with("data/") || inner == "byteorder";
    has_export |= inner == "archive_format" || inner == "archive_version";
    has_package |=
        inner == ".data/extern_modules" || inner == ".data/python_version";
    has_policy |= name == "policy.pth" || name == "pytorch_variables.pth";
  }
  // First: the members are archives with such names themselves.
  if (has_policy) return TorchArchiveKind::kStableBaselines;
  if (has_export) return TorchArchiveKind::kExport;
  if (has_package) return TorchArchiveKind::kPackage;
  if (has_code && (has_pickle || has_data)) return TorchArchiveKind::kScript;
  if (has_pickle) return TorchArchiveKind::kPickle;
  return TorchArchiveKind::kNone;
}

std::optional<Pickle> TryReadPickle(const File& file) {
  try {
    return TorchArchive(file).ReadPickle();
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

std::optional<std::string> DamageOfArchive(const File& file) {
  try {
    ZipArchive zip(file);
    for (const ZipMember& member : zip.members()) {
      if (member.crc32 == 0) continue;  // written without checksums
      if (std::optional<std::string> damage = zip.Damage(member)) {
        return fmt::format("{}: {}", Printable(member.name), *damage);
      }
    }
    return std::nullopt;
  } catch (const ParseError& error) {
    return error.error().what;
  }
}

std::optional<TorchRecord> TryFindTensor(const File& file) {
  try {
    TorchArchive archive(file);
    Pickle pickle = archive.ReadPickle();
    std::optional<TorchTensor> tensor = ReadTensor(pickle.root(), {});
    if (!tensor || !tensor->storage || !tensor->is_contiguous) {
      return std::nullopt;
    }
    std::optional<TorchRecord> record = archive.Find(tensor->storage->key);
    if (!record || tensor->end > record->size) return std::nullopt;
    record->offset += tensor->offset;
    record->size = tensor->end - tensor->offset;
    return record;
  } catch (const ParseError&) {
    return std::nullopt;
  }
}

TorchArchive::TorchArchive(const File& file) : file_(&file), zip_(file) {
  size_t pickles = 0;
  for (const ZipMember& member : zip_.members()) {
    if (!IsRootPickle(member.name)) continue;
    ++pickles;
    root_ = member.name.substr(0, member.name.size() - kPickleName.size());
  }
  if (pickles == 0) throw Corrupt("zip", "has no data.pkl");
  if (pickles > 1) {
    throw Corrupt("zip", fmt::format("has {} members named data.pkl: which one "
                                     "is loaded depends on the reader",
                                     pickles));
  }
  const ZipMember* order = zip_.Find(root_ + "byteorder");
  if (order != nullptr) {
    is_big_endian_ = zip_.ReadHead(*order, 16).starts_with("big");
  }
  has_checksums_ = std::any_of(
      zip_.members().begin(), zip_.members().end(),
      [](const ZipMember& one) { return one.size > 0 && one.crc32 != 0; });
}

Pickle TorchArchive::ReadPickle() const {
  std::string name = root_ + std::string(kPickleName);
  const ZipMember& member = *zip_.Find(name);
  std::unique_ptr<File> content = zip_.Open(member, PickleLimit(member));
  return {*content, 0, Printable(name)};
}

std::optional<TorchRecord> TorchArchive::Find(std::string_view key) const {
  std::string name = root_ + "data/";
  name += key;
  const ZipMember* member = zip_.Find(name);
  if (member == nullptr) return std::nullopt;
  TorchRecord record;
  record.file = file_;
  record.size = member->size;
  record.crc32 = member->crc32;
  record.is_plain = member->stored() && !is_big_endian_;
  record.is_written =
      member->crc32 != 0 || member->size == 0 || !has_checksums_;
  if (record.is_plain) record.offset = zip_.DataOffset(*member);
  return record;
}

void TorchArchive::Verify(Layout* layout) const {
  if (!has_checksums_) return;
  size_t damaged = 0;
  for (const ZipMember& member : zip_.members()) {
    if (member.crc32 == 0) continue;  // a hole, listed as unwritten
    std::optional<std::string> damage = zip_.Damage(member);
    if (!damage || ++damaged > kDamageShown) continue;
    layout->issues.push_back(
        {"checksum-mismatch", Printable(member.name), std::move(*damage)});
  }
  if (damaged > kDamageShown) {
    layout->issues.push_back(
        {"checksum-mismatch",
         {},
         fmt::format("and {} more members", damaged - kDamageShown)});
  }
}

void TorchArchive::ListDuplicates(Layout* layout) const {
  for (const std::string& name : zip_.duplicates()) {
    if (layout->issues.size() > kDamageShown) return;
    layout->issues.push_back(
        {"duplicate-variable", Printable(name),
         "stands twice in the archive: which one is loaded depends on the "
         "reader"});
  }
}

}  // namespace ckptdiff
