#include "formats/shard_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/json_cursor.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxIndexBytes = uint64_t{256} << 20;
constexpr size_t kNamedInMessage = 3;
constexpr size_t kMaxShards = 10'000;
constexpr size_t kSniffBytes = 4096;

struct Entry {
  std::string_view name;
  std::string_view file;
};

struct Shard {
  std::optional<Layout> layout;          // nullopt: not there or not readable
  std::vector<std::string_view> mapped;  // what the index says is in it
};

struct Index {
  std::vector<Entry> entries;  // weight_map in the order of the file
  std::map<std::string, std::string> metadata;  // what of it is text
};

void ReadMetadata(JsonCursor* json, Index* index) {
  if (json->Peek() != '{') return json->Skip();
  json->EnterObject();
  while (std::optional<std::string_view> name = json->NextMember()) {
    if (json->Peek() == '"') {
      index->metadata[std::string(*name)] = json->Text();
    } else {
      json->Skip();
    }
  }
}

// Views in the result live as long as `json`.
Index ReadIndex(JsonCursor* json) {
  Index index;
  bool has_map = false;
  json->EnterObject();
  while (std::optional<std::string_view> name = json->NextMember()) {
    if (*name == "metadata") {
      ReadMetadata(json, &index);
    } else if (*name == "weight_map") {
      has_map = true;
      json->EnterObject();
      while (std::optional<std::string_view> tensor = json->NextMember()) {
        index.entries.push_back({*tensor, json->Text()});
      }
    } else {
      json->Skip();
    }
  }
  json->Finish();
  if (!has_map) json->Fail("has no weight_map");
  return index;
}

// "a, b, c and 4 more"
std::string NameSome(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kNamedInMessage); ++i) {
    if (i > 0) text += ", ";
    text += Printable(names[i]);
  }
  if (names.size() > kNamedInMessage) {
    text += fmt::format(" and {} more", names.size() - kNamedInMessage);
  }
  return text;
}

bool IsPlainName(std::string_view file) {
  return !file.empty() && file != "." && file != ".." &&
         file.find('/') == file.npos && file.find('\\') == file.npos;
}

// "model-00001-of-00002.safetensors" of "model.safetensors.index.json".
bool IsNamedAsShard(std::string_view name, std::string_view index_name) {
  std::string_view stem = index_name.substr(0, index_name.find('.'));
  size_t of = name.find("-of-");
  return !stem.empty() && name.starts_with(stem) && of != name.npos &&
         of > stem.size();
}

// Puts the shards of one index together and compares them with it.
class Joiner {
 public:
  Joiner(const Source& index, const ReadOptions& options)
      : index_(index), options_(options) {}

  // Views in `entries` must outlive the joiner.
  Layout Join(const std::vector<Entry>& entries);

 private:
  void Add(std::string_view rule, std::string where, std::string message) {
    layout_.issues.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }
  void Read(const std::string& file, Shard* shard);
  void SettleNames();
  void Compare(const std::string& file, const Shard& shard);
  void Append(const std::string& file, Shard* shard);

  const Source& index_;
  const ReadOptions& options_;
  Layout layout_;
  std::map<std::string, Shard> shards_;
  // The shard that the index maps a name to, and the one it is taken from.
  std::unordered_map<std::string_view, std::string_view> mapped_, held_;
  bool is_complete_ = true;
};

void Joiner::Read(const std::string& file, Shard* shard) {
  std::string tensors = Count(shard->mapped.size(), "tensor");
  Source source = index_.Sibling(file);
  if (!IsPlainName(file)) {
    Add("external-link", file,
        fmt::format("the index maps {} to a path that is no plain file name; "
                    "it is not followed",
                    tensors));
  } else if (!source.is_file()) {
    Add("missing-shard", file,
        fmt::format("the index maps {} to this file, which is not there",
                    tensors));
  } else if (source.Peek(0, 23) == "version https://git-lfs") {
    Add("missing-shard", file,
        fmt::format("is a Git LFS pointer: the shard with {} was never "
                    "downloaded",
                    tensors));
  } else if (source.Peek(0, 1) == "{") {  // an index in an index: no cycles
    Add("unreadable-checkpoint", file, "is JSON, not a shard");
  } else {
    Result<Layout> read = ReadSource(source, options_);
    if (read.ok()) {
      shard->layout = std::move(read).value();
    } else {
      const Error& error = read.error();
      Add("unreadable-checkpoint",
          error.where.empty() ? file : file + ": " + error.where, error.what);
    }
  }
  if (!shard->layout) is_complete_ = false;
}

// A name that two shards hold is taken from the one the index maps it to.
void Joiner::SettleNames() {
  for (const auto& [file, shard] : shards_) {
    for (std::string_view name : shard.mapped) {
      if (!mapped_.emplace(name, file).second) {
        Add("duplicate-variable", std::string(name),
            "stands twice in the weight_map of the index");
      }
    }
  }
  for (const auto& [file, shard] : shards_) {
    if (!shard.layout) continue;
    for (const Variable& variable : shard.layout->variables) {
      auto [held, is_new] = held_.emplace(variable.name, file);
      if (is_new) continue;
      Add("duplicate-variable", variable.name,
          fmt::format("stands in {} and in {}", held->second, file));
      auto mapped = mapped_.find(variable.name);
      if (mapped != mapped_.end() && mapped->second == file) {
        held->second = file;
      }
    }
  }
}

void Joiner::Compare(const std::string& file, const Shard& shard) {
  std::map<std::string_view, std::vector<std::string>> elsewhere;
  std::vector<std::string> nowhere, unmapped;
  for (std::string_view name : shard.mapped) {
    auto held = held_.find(name);
    if (held == held_.end()) {
      nowhere.emplace_back(name);
    } else if (held->second != file) {
      elsewhere[held->second].emplace_back(name);
    }
  }
  for (const Variable& variable : shard.layout->variables) {
    if (variable.tied_to.empty() && !mapped_.contains(variable.name)) {
      unmapped.push_back(variable.name);
    }
  }
  for (const auto& [other, names] : elsewhere) {
    Add("stale-state-file", file,
        fmt::format("the index maps {} to this file, but {} holds {}: {}",
                    Count(names.size(), "tensor"), other,
                    names.size() == 1 ? "it" : "them", NameSome(names)));
  }
  if (!nowhere.empty()) {
    Add("stale-state-file", file,
        fmt::format("the index maps {} to this file that {} holds: {}",
                    Count(nowhere.size(), "tensor"),
                    is_complete_ ? "no shard" : "no readable shard",
                    NameSome(nowhere)));
  }
  if (!unmapped.empty()) {
    Add("stale-state-file", file,
        fmt::format("holds {} that the index does not name: {}",
                    Count(unmapped.size(), "tensor"), NameSome(unmapped)));
  }
}

void Joiner::Append(const std::string& file, Shard* shard) {
  for (const Variable& variable : shard->layout->variables) {
    if (held_.at(variable.name) != file) continue;
    Variable& added = layout_.variables.emplace_back(variable);
    if (added.data && added.data->file.empty()) added.data->file = file;
  }
  for (Issue& issue : shard->layout->issues) {
    issue.where = issue.where.empty() ? file : file + ": " + issue.where;
    layout_.issues.push_back(std::move(issue));
  }
}

Layout Joiner::Join(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    shards_[std::string(entry.file)].mapped.push_back(entry.name);
    if (shards_.size() > kMaxShards) {
      throw Unsupported("weight_map",
                        fmt::format("names more than {} files", kMaxShards));
    }
  }
  for (auto& [file, shard] : shards_) {
    Read(file, &shard);
    if (!shard.layout) continue;
    if (layout_.source.format.empty()) layout_.source = shard.layout->source;
  }
  SettleNames();
  for (auto& [file, shard] : shards_) {
    if (!shard.layout) continue;
    Compare(file, shard);
    Append(file, &shard);
  }
  return std::move(layout_);
}

}  // namespace

bool IsShardIndex(const Source& source,
                  std::span<const std::string_view> extensions) {
  if (source.Peek(0, 1) != "{") return false;
  std::string head = source.Peek(0, kSniffBytes);
  size_t map = head.find("\"weight_map\"");
  if (map == head.npos) return false;
  return std::any_of(
      extensions.begin(), extensions.end(), [&](std::string_view extension) {
        return head.find(fmt::format("{}\"", extension), map) != head.npos;
      });
}

Claim ClaimShardIndex(const Source& index) {
  Claim claim{.match = Match::kYes};
  Source directory(index.files(), index.directory());
  for (const std::string& name : directory.Entries()) {
    if (IsNamedAsShard(name, index.name())) {
      claim.members.push_back(index.Sibling(name).path());
    }
  }
  return claim;
}

Layout ReadShards(const Source& index, const ReadOptions& options) {
  std::string text = index.ReadAll(kMaxIndexBytes);
  JsonCursor json(text, std::string());
  Index content = ReadIndex(&json);
  Layout layout = Joiner(index, options).Join(content.entries);
  AddTies(content.metadata, &layout);
  return layout;
}

void AddTies(const std::map<std::string, std::string>& metadata,
             Layout* layout) {
  // Of the few names that may be meant, those that there are.
  constexpr size_t kNotThere = SIZE_MAX;
  std::unordered_map<std::string_view, size_t> positions;
  for (const auto& [dropped, kept] : metadata) {
    if (dropped == "format") continue;
    positions.emplace(dropped, kNotThere);
    positions.emplace(kept, kNotThere);
  }
  if (positions.empty()) return;
  for (size_t i = 0; i < layout->variables.size(); ++i) {
    auto position = positions.find(layout->variables[i].name);
    if (position != positions.end()) position->second = i;
  }
  std::vector<Variable> tied;
  for (const auto& [dropped, kept] : metadata) {
    auto position = positions.find(kept);
    auto itself = positions.find(dropped);
    if (position == positions.end() || position->second == kNotThere ||
        itself->second != kNotThere) {
      continue;
    }
    Variable& variable = tied.emplace_back(layout->variables[position->second]);
    variable.name = dropped;
    variable.key = dropped;
    variable.tied_to = kept;
  }
  std::move(tied.begin(), tied.end(), std::back_inserter(layout->variables));
}

}  // namespace ckptdiff
