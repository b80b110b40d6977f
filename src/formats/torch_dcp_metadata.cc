#include "formats/torch_dcp_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "formats/torch_tree.h"

namespace ckptdiff {
namespace {

constexpr size_t kFilesTold = 20;

std::string_view TextOr(const PickleValue* value) {
  return value != nullptr && value->is_text() ? value->text
                                              : std::string_view();
}

}  // namespace

const PickleValue* DcpAttribute(const PickleValue& object,
                                std::string_view name) {
  const PickleValue* attributes = Attributes(object);
  return attributes == nullptr ? nullptr : Find(*attributes, name);
}

bool DcpChunk::Fits(uint64_t file_size) const {
  std::optional<uint64_t> end = CheckedAdd(offset, length);
  return end && *end <= file_size;
}

const File* DcpShards::Open(std::string_view name) {
  if (open_ && name == open_name_) return open_.get();
  open_.reset();
  bool is_plain = name.find('/') == name.npos && name != "..";
  Source source = metadata_.Sibling(name);
  if (!is_plain || !source.is_file()) return nullptr;
  open_ = source.files().Open(source.path());
  open_name_ = name;
  return open_.get();
}

std::optional<uint64_t> DcpShards::Size(std::string_view name) {
  auto known = sizes_.find(name);
  if (known != sizes_.end()) return known->second;
  const File* file = Open(name);
  std::optional<uint64_t> size;
  if (file != nullptr) size = file->size();
  sizes_.emplace(std::string(name), size);
  return size;
}

DcpEntries::DcpEntries(const PickleValue& root) {
  const PickleValue* metadata = DcpAttribute(root, "state_dict_metadata");
  if (metadata == nullptr || !metadata->is_mapping) {
    throw Corrupt(std::string(kDcpMetadataName), "has no state_dict_metadata");
  }
  for (size_t i = 0; i + 1 < metadata->items.size(); i += 2) {
    std::string_view fqn = metadata->items[i]->text;
    const PickleValue& value = *metadata->items[i + 1];
    DcpEntry& entry = entries_[fqn];
    if (entry.metadata == nullptr) order_.push_back(fqn);
    entry.metadata = &value;
    entry.is_tensor = CalledName(value).ends_with(".TensorStorageMetadata");
    const PickleValue* chunks = DcpAttribute(value, "chunks");
    entry.chunk_count =
        entry.is_tensor && chunks != nullptr ? chunks->items.size() : 1;
  }
  ReadChunks(root);
}

void DcpEntries::ReadChunks(const PickleValue& root) {
  const PickleValue* storage = DcpAttribute(root, "storage_data");
  if (storage == nullptr) return;
  for (size_t i = 0; i + 1 < storage->items.size(); i += 2) {
    std::string_view fqn = TextOr(DcpAttribute(*storage->items[i], "fqn"));
    const PickleValue& info = *storage->items[i + 1];
    auto entry = entries_.find(fqn);
    if (entry == entries_.end()) continue;
    std::optional<int64_t> offset = AsInt(DcpAttribute(info, "offset"));
    std::optional<int64_t> length = AsInt(DcpAttribute(info, "length"));
    entry->second.chunks.push_back(
        {TextOr(DcpAttribute(info, "relative_path")),
         static_cast<uint64_t>(std::max<int64_t>(0, offset.value_or(0))),
         static_cast<uint64_t>(std::max<int64_t>(0, length.value_or(0)))});
  }
}

const DcpEntry* DcpEntries::Find(std::string_view fqn) const {
  auto found = entries_.find(fqn);
  return found == entries_.end() ? nullptr : &found->second;
}

void DcpEntries::CheckShards(DcpShards* shards,
                             std::vector<Issue>* issues) const {
  struct Loss {
    uint64_t tensors = 0;
    uint64_t end = 0;  // behind the last byte that it should have
  };
  std::map<std::string_view, Loss> losses;
  uint64_t incomplete = 0;
  for (std::string_view fqn : order_) {
    const DcpEntry& entry = entries_.at(fqn);
    if (entry.chunks.size() < entry.chunk_count) ++incomplete;
    for (const DcpChunk& chunk : entry.chunks) {
      std::optional<uint64_t> size = shards->Size(chunk.file);
      if (size && chunk.Fits(*size)) continue;
      Loss& loss = losses[chunk.file];
      ++loss.tensors;
      loss.end =
          std::max(loss.end,
                   CheckedAdd(chunk.offset, chunk.length).value_or(UINT64_MAX));
    }
  }
  size_t told = 0;
  for (const auto& [name, loss] : losses) {
    if (++told > kFilesTold) break;
    std::optional<uint64_t> size = shards->Size(name);
    std::string entries = Count(loss.tensors, "entry", "entries");
    bool is_outside = name.find('/') != name.npos || name == "..";
    if (is_outside) {
      issues->push_back({"external-link", Printable(name),
                         fmt::format("{} of the metadata lie outside "
                                     "the directory: not followed",
                                     entries)});
    } else if (!size) {
      issues->push_back(
          {"missing-shard", Printable(name),
           fmt::format("is not there; it holds {} of the metadata", entries)});
    } else {
      issues->push_back(
          {"truncated-data", Printable(name),
           fmt::format("has {} bytes, the metadata asks for {}: {} are lost",
                       *size, loss.end, entries)});
    }
  }
  if (losses.size() > kFilesTold) {
    issues->push_back({"missing-shard", std::string(kDcpMetadataName),
                       fmt::format("names {} more that are absent or cut",
                                   Count(losses.size() - kFilesTold, "file"))});
  }
  if (incomplete > 0) {
    issues->push_back({"missing-shard", std::string(kDcpMetadataName),
                       fmt::format("names no file for chunks of {}",
                                   Count(incomplete, "tensor"))});
  }
}

}  // namespace ckptdiff
