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
// storage (very old files). Nothing is checksummed.
//
// Reference: torch/serialization.py, _legacy_save.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "formats/format.h"
#include "formats/torch_layout.h"

namespace ckptdiff {
namespace {

// The magic number as LONG1: 10 bytes, little-endian.
constexpr std::string_view kMagic(
    "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50"
    "\x19",
    12);
constexpr int64_t kProtocol = 1001;
constexpr uint64_t kTarHeader = 512;

bool IsLegacy(const Source& source) {
  std::string head = source.Peek(0, 32);
  if (!head.starts_with('\x80')) return false;
  // Behind PROTO, or behind PROTO and FRAME.
  return head.substr(2).starts_with(kMagic) ||
         (head.size() > 11 && head.substr(11).starts_with(kMagic));
}

// torch 0.1: a tar of the members storages, tensors and pickle.
bool IsOldTar(const Source& source) {
  std::string head = source.Peek(0, kTarHeader);
  if (head.size() < kTarHeader || head.substr(257, 5) != "ustar") return false;
  std::string_view name(head.c_str());
  return name == "storages" || name == "tensors" || name == "pickle" ||
         name == "sys_info";
}

Claim Detect(const Source& source, const ReadOptions&) {
  bool is_one = IsLegacy(source) || IsOldTar(source);
  return {.match = is_one ? Match::kYes : Match::kNo};
}

class LegacyStorages : public TorchStorages {
 public:
  LegacyStorages(const File& file, bool is_big_endian)
      : file_(&file), is_big_endian_(is_big_endian) {}

  std::optional<TorchRecord> Find(std::string_view key) const override {
    auto found = records_.find(std::string(key));
    if (found == records_.end()) return std::nullopt;
    return found->second;
  }

  // Walks over the storages behind the key list. `claimed` tells the size of
  // an element: the number in the file counts those.
  void Locate(const PickleValue& keys, uint64_t offset,
              const std::unordered_map<std::string_view, uint64_t>& items);

 private:
  const File* file_;
  bool is_big_endian_;
  std::unordered_map<std::string, TorchRecord> records_;
};

uint64_t CountAt(const File& file, uint64_t offset, bool is_big_endian) {
  std::array<std::byte, 8> raw;
  file.ReadAt(offset, raw);
  ByteCursor cursor(raw);
  return is_big_endian ? cursor.BigU64("count") : cursor.LittleU64("count");
}

void LegacyStorages::Locate(
    const PickleValue& keys, uint64_t offset,
    const std::unordered_map<std::string_view, uint64_t>& items) {
  for (const PickleValue* key : keys.items) {
    auto item = items.find(key->text);
    // What the file does not hold any more stays unlisted: its tensors are
    // reported as truncated.
    if (item == items.end() || file_->size() - offset < 8) return;
    uint64_t count = CountAt(*file_, offset, is_big_endian_);
    offset += 8;
    std::optional<uint64_t> bytes = CheckedMul(count, item->second);
    uint64_t left = file_->size() - offset;
    uint64_t there = std::min(bytes.value_or(left), left);
    TorchRecord record;
    record.file = file_;
    record.offset = offset;
    record.size = there;
    record.is_plain = !is_big_endian_;
    records_.emplace(std::string(key->text), record);
    offset += there;
  }
}

// Of each storage by its key, as the object names them.
std::unordered_map<std::string_view, uint64_t> ItemBytes(const Pickle& object) {
  std::unordered_map<std::string_view, uint64_t> items;
  for (const PickleValue* id : object.persistent_ids()) {
    std::optional<TorchStorage> storage = ReadStorage(*id);
    if (storage) items.emplace(storage->key, storage->item_bytes);
  }
  return items;
}

Layout Read(const Source& source, const ReadOptions& options) {
  if (IsOldTar(source)) {
    throw Unsupported({}, "a tar archive of torch 0.1",
                      "load it with a torch before 1.0 and save it again");
  }
  const File& file = source.file();
  Pickle magic(file, 0, "magic number");
  Pickle protocol(file, magic.end(), "protocol");
  if (AsInt(&protocol.root()) != kProtocol) {
    throw Corrupt("protocol", "is not 1001, the only one there is");
  }
  Pickle system(file, protocol.end(), "system info");
  const PickleValue* little = Find(system.root(), "little_endian");
  bool is_big_endian = AsInt(little).value_or(1) == 0;
  Pickle object(file, system.end(), "object");
  Pickle keys(file, object.end(), "storage keys");
  LegacyStorages storages(file, is_big_endian);
  storages.Locate(keys.root(), keys.end(), ItemBytes(object));
  Layout layout = BuildTorchLayout(TorchObject::Of(object), storages, options);
  layout.source.format = "torch-legacy";
  return layout;
}

}  // namespace

extern constexpr Format kTorchLegacy = {
    .id = "torch-legacy",
    .summary = "PyTorch before 1.6, or without zip",
    .extensions = "*.pt *.pth *.th *.bin *.tar",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
