#include "formats/keras/shards.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/json_doc.h"
#include "formats/keras/hdf5.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxIndex = uint64_t{64} << 20;
constexpr size_t kSniffed = 4096;

// Shards in the order of their first group, with the number of their groups.
using Shards = std::vector<std::pair<std::string, size_t>>;

void AddShard(const Json& name, std::map<std::string, size_t>* seen,
              Shards* shards) {
  if (!name.is_string())
    throw Corrupt("weight_map",
                  "names a shard by a "
                  "value that is no text");
  std::string shard = name.get<std::string>();
  if (shard.find_first_of("/\\") != shard.npos || shard == "..") {
    throw Corrupt(
        "weight_map",
        fmt::format("names a shard in another directory: \"{}\"", shard));
  }
  auto [found, is_new] = seen->emplace(shard, shards->size());
  if (is_new) shards->emplace_back(shard, 0);
  ++(*shards)[found->second].second;
}

Shards ParseShards(const std::string& index) {
  Json json = ParseJson(index, "");
  const Json* map = Member(json, "weight_map");
  if (map == nullptr || !map->is_object()) {
    throw Corrupt({}, "has no \"weight_map\"");
  }
  std::map<std::string, size_t> seen;
  Shards shards;
  for (const auto& [group, names] : map->items()) {
    if (!names.is_array()) AddShard(names, &seen, &shards);
    if (!names.is_array()) continue;
    for (const Json& name : names) AddShard(name, &seen, &shards);
  }
  return shards;
}

}  // namespace

bool IsKerasShardIndex(const Source& source) {
  std::string head = source.Peek(0, kSniffed);
  return head.starts_with('{') && head.find("\"weight_map\"") != head.npos &&
         head.find(".weights.h5\"") != head.npos;
}

std::vector<std::string> PeekShards(const Source& source) {
  std::vector<std::string> names;
  try {
    for (auto& [name, count] : ParseShards(source.ReadAll(kMaxIndex))) {
      names.push_back(name);
    }
  } catch (const ParseError&) {  // a detector; reading will say what is wrong
    names.clear();
  }
  return names;
}

void ReadShards(const std::string& index, const OpenShard& open,
                KerasStore* store, Layout* layout) {
  for (const auto& [name, groups] : ParseShards(index)) {
    OpenedShard shard = open(name);
    if (shard.file == nullptr) {
      layout->issues.push_back(
          {"missing-shard", name,
           fmt::format("\"{}\" is not there: it holds {} of the model", name,
                       Count(groups, "group"))});
      continue;
    }
    Hdf5Tree tree = ReadHdf5(*shard.file);
    AddToStore(tree.root, shard.place, store);
    for (Issue issue : Hdf5Issues(tree)) {
      issue.where = issue.where.empty() ? name : name + ": " + issue.where;
      layout->issues.push_back(std::move(issue));
    }
  }
}

void ReadShards(const Source& index, KerasStore* store, Layout* layout) {
  auto open = [&](const std::string& name) -> OpenedShard {
    Source shard = index.Sibling(name);
    if (!shard.is_file()) return {};
    return {shard.files().Open(shard.path()), {name, 0}};
  };
  ReadShards(index.ReadAll(kMaxIndex), open, store, layout);
}

}  // namespace ckptdiff
