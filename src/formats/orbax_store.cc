#include "formats/orbax_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxMetadata = 65536;
constexpr uint64_t kMaxScalar = 4096;  // a compressed number, sharded or not
constexpr std::string_view kProcessPrefix = "ocdbt.process_";

bool IsCounterName(std::string_view storage_name) {
  std::string_view last = storage_name;
  if (last.ends_with(".value")) last.remove_suffix(6);
  last = last.substr(last.rfind('.') + 1);
  return last == "step" || last == "global_step" || last == "count" ||
         last == "gradient_step";
}

// "a.b/.zarray" → "a.b" and ".zarray"; a name may itself contain "/".
std::pair<std::string, std::string_view> SplitKey(const std::string& key) {
  size_t slash = key.rfind('/');
  if (slash == key.npos) return {key, {}};
  return {key.substr(0, slash), std::string_view(key).substr(slash + 1)};
}

}  // namespace

OrbaxStore::OrbaxStore(const Source& item, std::vector<Issue>* issues)
    : item_(item) {
  if (item.HasChild(kOcdbtManifest)) {
    OpenOcdbt(item, {}, issues);
    return;
  }
  // Each writing process leaves a store of its own, which the manifest of the
  // item joins. Without it they still tell what they hold.
  for (const std::string& name : item.Entries()) {
    Source process = item.Child(name);
    if (!name.starts_with(kProcessPrefix)) continue;
    if (!process.HasChild(kOcdbtManifest)) continue;
    if (!is_ocdbt_) {
      issues->push_back({"missing-shard", kOcdbtManifest,
                         "the manifest of the store is not there: Orbax reads "
                         "nothing; shapes are told from those of the writing "
                         "processes"});
    }
    OpenOcdbt(process, name + "/", issues);
  }
}

void OrbaxStore::OpenOcdbt(const Source& directory, const std::string& prefix,
                           std::vector<Issue>* issues) {
  is_ocdbt_ = true;
  OcdbtStore store(directory);
  uint64_t keys = 0;
  bool is_whole = true;
  store.List(
      [&](const std::string& key, const OcdbtValue& value) {
        ++keys;
        Take(key, value);
      },
      [&](const std::string& file, const std::string& what) {
        is_whole = false;
        bool is_gone = what == "is not there";
        issues->push_back({is_gone ? "missing-shard" : "checksum-mismatch",
                           prefix + file,
                           is_gone ? "the store's tree continues in this file, "
                                     "which is not there"
                                   : what});
      });
  if (is_whole && keys != store.key_count()) {
    issues->push_back({"truncated-data", prefix + kOcdbtManifest,
                       fmt::format("says {}, the tree has {}",
                                   Count(store.key_count(), "key"), keys)});
  }
  for (const auto& [name, value] : far_metadata_) {
    if (auto text = store.Read(value, kMaxMetadata)) metadata_[name] = *text;
  }
  for (const auto& [name, value] : far_counters_) {
    if (auto chunk = store.Read(value, kMaxScalar)) counters_[name] = *chunk;
  }
  far_metadata_.clear();
  far_counters_.clear();
  CheckExtents(directory, prefix, issues);
}

void OrbaxStore::Take(const std::string& key, const OcdbtValue& value) {
  auto [name, rest] = SplitKey(key);
  if (rest == kZarr2Metadata || rest == kZarr3Metadata) {
    if (value.is_inline) {
      metadata_[name] = value.inline_value;
    } else {
      far_metadata_[name] = value;
    }
  } else if ((rest == "0" || rest == "c") && IsCounterName(name)) {
    if (value.is_inline) {
      counters_[name] = value.inline_value;
    } else {
      far_counters_[name] = value;
    }
  }
  if (value.is_inline) return;
  Extent& extent = extents_[value.file];
  uint64_t end = value.offset + value.size;
  if (end < value.size) end = UINT64_MAX;
  extent.end = std::max(extent.end, end);
  ++extent.values;
}

void OrbaxStore::CheckExtents(const Source& directory,
                              const std::string& prefix,
                              std::vector<Issue>* issues) {
  for (const auto& [file, extent] : extents_) {
    Source source = directory.Child(file);
    if (!source.is_file()) {
      issues->push_back({"missing-shard", prefix + file,
                         fmt::format("holds {} of the store and is not there",
                                     Count(extent.values, "chunk"))});
    } else if (extent.end > source.size()) {
      issues->push_back({"truncated-data", prefix + file,
                         fmt::format("has {} bytes, the store needs {}",
                                     source.size(), extent.end)});
    }
  }
  extents_.clear();
}

std::optional<ZarrArray> OrbaxStore::Find(
    const std::string& storage_name) const {
  if (is_ocdbt_) {
    auto found = metadata_.find(storage_name);
    if (found == metadata_.end()) return std::nullopt;
    return ParseZarrArray(found->second, storage_name);
  }
  if (storage_name.starts_with("/")) return std::nullopt;
  for (std::string_view part : Split(storage_name, '/')) {
    if (part == "..") return std::nullopt;
  }
  for (std::string_view file : {kZarr2Metadata, kZarr3Metadata}) {
    Source metadata = item_.Child(storage_name).Child(file);
    if (!metadata.is_file()) continue;
    return ParseZarrArray(metadata.ReadAll(kMaxMetadata), storage_name);
  }
  return std::nullopt;
}

std::optional<int64_t> OrbaxStore::Counter(const std::string& storage_name,
                                           const ZarrArray& array) const {
  if (is_ocdbt_) {
    auto found = counters_.find(storage_name);
    if (found == counters_.end()) return std::nullopt;
    return ZarrScalar(array, found->second);
  }
  if (!IsCounterName(storage_name)) return std::nullopt;
  Source chunk = item_.Child(storage_name).Child(array.ScalarChunk());
  return ZarrScalar(array, chunk.Peek(0, kMaxScalar));
}

std::vector<std::string> OrbaxStore::Names() const {
  std::vector<std::string> names;
  if (is_ocdbt_) {
    for (const auto& [name, json] : metadata_) names.push_back(name);
    return names;
  }
  for (const std::string& name : item_.Entries()) {
    Source array = item_.Child(name);
    if (array.HasChild(kZarr2Metadata) || array.HasChild(kZarr3Metadata)) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace ckptdiff
