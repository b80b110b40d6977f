#include "formats/torch_file.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/parse_error.h"

namespace ckptdiff {
namespace {

// The magic number as LONG1: 10 bytes, little-endian.
constexpr std::string_view kMagic(
    "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
// The same before pickle protocol 2, a line of digits.
constexpr std::string_view kMagicLine = "L119547037146038801333356L\n.";
constexpr int64_t kProtocol = 1001;

uint64_t CountAt(const File& file, uint64_t offset, bool is_big_endian) {
  std::array<std::byte, 8> raw;
  file.ReadAt(offset, raw);
  ByteCursor cursor(raw);
  return is_big_endian ? cursor.BigU64("count") : cursor.LittleU64("count");
}

// Where the magic number, a pickle of its own, is over.
uint64_t MagicEnd(const File& file) {
  std::array<std::byte, kMagicLine.size()> head;
  if (file.size() > head.size()) {
    file.ReadAt(0, head);
    const auto* text = reinterpret_cast<const char*>(head.data());
    if (std::string_view(text, head.size()) == kMagicLine) return head.size();
  }
  return Pickle(file, 0, "magic number").end();
}

}  // namespace

bool IsTorchLegacy(const Source& source) {
  std::string head = source.Peek(0, 32);
  if (head.starts_with(kMagicLine)) return true;
  if (!head.starts_with('\x80')) return false;
  // Behind PROTO, or behind PROTO and FRAME.
  return head.compare(std::min<size_t>(2, head.size()), kMagic.size(),
                      kMagic) == 0 ||
         head.compare(std::min<size_t>(11, head.size()), kMagic.size(),
                      kMagic) == 0;
}

TorchLegacyFile::TorchLegacyFile(const File& file) : file_(&file) {
  Pickle protocol(file, MagicEnd(file), "protocol");
  if (AsInt(&protocol.root()) != kProtocol) {
    throw Corrupt("protocol", "is not 1001, the only one there is");
  }
  Pickle system(file, protocol.end(), "system info");
  const PickleValue* little = ckptdiff::Find(system.root(), "little_endian");
  bool is_big_endian = AsInt(little).value_or(1) == 0;
  pickle_.emplace(file, system.end(), "object");
  Pickle keys(file, pickle_->end(), "storage keys");
  Locate(keys.root(), keys.end(), is_big_endian);
}

// Walks over the storages. The number before each counts elements, whose size
// only the object's persistent ids tell.
void TorchLegacyFile::Locate(const PickleValue& keys, uint64_t offset,
                             bool is_big_endian) {
  std::unordered_map<std::string_view, uint64_t> items;
  for (const PickleValue* id : pickle_->persistent_ids()) {
    std::optional<TorchStorage> storage = ReadStorage(*id);
    if (storage) items.emplace(storage->key, storage->item_bytes);
  }
  for (const PickleValue* key : keys.items) {
    auto item = items.find(key->text);
    // What the file does not hold any more stays unlisted: its tensors are
    // reported as truncated.
    if (item == items.end() || file_->size() - offset < 8) return;
    uint64_t count = CountAt(*file_, offset, is_big_endian);
    offset += 8;
    std::optional<uint64_t> bytes = CheckedMul(count, item->second);
    uint64_t left = file_->size() - offset;
    uint64_t there = std::min(bytes.value_or(left), left);
    TorchRecord record;
    record.file = file_;
    record.offset = offset;
    record.size = there;
    record.is_plain = !is_big_endian;
    records_.emplace(std::string(key->text), record);
    offset += there;
  }
}

std::optional<TorchRecord> TorchLegacyFile::Find(std::string_view key) const {
  auto found = records_.find(std::string(key));
  if (found == records_.end()) return std::nullopt;
  return found->second;
}

TorchFile::TorchFile(const File& file) {
  std::array<std::byte, 1> first = {};
  if (file.size() > 0) file.ReadAt(0, first);
  if (first[0] == std::byte{0x80}) {
    legacy_ = std::make_unique<TorchLegacyFile>(file);
  } else {
    archive_ = std::make_unique<TorchArchive>(file);
    archive_pickle_ = archive_->ReadPickle();
  }
}

const Pickle& TorchFile::pickle() const {
  return legacy_ ? legacy_->pickle() : *archive_pickle_;
}

const TorchStorages& TorchFile::storages() const {
  if (legacy_) return *legacy_;
  return *archive_;
}

void TorchFile::Verify(Layout* layout) const {
  if (archive_) archive_->Verify(layout);
}

}  // namespace ckptdiff
