#include "formats/tf/prefix.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/name_parts.h"
#include "base/text.h"
#include "container/sstable.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kIndexSuffix = ".index";
constexpr std::string_view kMetaSuffix = ".meta";
constexpr size_t kMaxStateBytes = 1 << 20;
constexpr size_t kMagicBytes = 8;

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

Source At(const Source& near, const std::string& path) {
  return {near.files(), path};
}

bool IsTable(const Source& source) {
  return source.is_file() && EndsLikeSsTable(source.PeekTail(kMagicBytes));
}

std::string Without(std::string_view path, std::string_view suffix) {
  return std::string(path.substr(0, path.size() - suffix.size()));
}

TfPrefix OfIndex(const std::string& index) {
  return {Without(index, kIndexSuffix), index, {}, {}, {}};
}

bool HasIndex(const Source& near, const std::string& prefix) {
  return At(near, prefix + std::string(kIndexSuffix)).is_file();
}

// One character of a text-format string behind a backslash; steps over it.
char Unescape(std::string_view text, size_t* at) {
  char c = text[*at];
  if (c >= '0' && c <= '7') {
    int value = 0;
    for (int i = 0; i < 3 && *at < text.size(); ++i, ++*at) {
      char digit = text[*at];
      if (digit < '0' || digit > '7') break;
      value = value * 8 + (digit - '0');
    }
    return static_cast<char>(value);
  }
  ++*at;
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;  // \\, \", \'
  }
}

// The string that begins with the quote at text[0].
std::string QuotedString(std::string_view text) {
  std::string value;
  char quote = text[0];
  for (size_t at = 1; at < text.size() && text[at] != quote;) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      value += Unescape(text, &++at);
    } else {
      value += text[at++];
    }
  }
  return value;
}

// The checkpoint with the highest number, as people count.
std::string NewestIndex(const Source& directory) {
  std::vector<std::string> names;
  for (std::string& name : directory.Entries()) {
    if (name.ends_with(kIndexSuffix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end(), NaturalLess);
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (IsTable(directory.Child(*name))) return *name;
  }
  return {};
}

// A prefix that a state file names, as a path from here.
std::string FromState(const Source& directory, const std::string& stated) {
  if (stated.starts_with('/')) return stated;
  return directory.Child(stated).path();
}

// A state file of Windows has its separators.
std::string_view FileName(std::string_view path) {
  return LastPart(path, "/\\");
}

std::optional<TfPrefix> Choose(const Source& directory,
                               const std::string& state_path) {
  std::string text = At(directory, state_path).Peek(0, kMaxStateBytes);
  std::optional<CheckpointState> state = ParseCheckpointState(text);
  TfPrefix chosen;
  std::string missing;
  if (state) {
    std::string stated = FromState(directory, state->latest);
    if (HasIndex(directory, stated)) {
      chosen = OfIndex(stated + std::string(kIndexSuffix));
    } else {
      missing = state->latest;
      std::string beside = directory.Child(FileName(stated)).path();
      if (HasIndex(directory, beside)) {
        chosen = OfIndex(beside + std::string(kIndexSuffix));
      }
    }
    chosen.state_file = state_path;
  }
  if (chosen.index.empty()) {
    std::string newest = NewestIndex(directory);
    if (newest.empty()) return std::nullopt;
    std::string state_file = chosen.state_file;
    chosen = OfIndex(directory.Child(newest).path());
    chosen.state_file = state_file;
  }
  chosen.resolved = chosen.index;
  if (!missing.empty()) {
    chosen.issues.push_back(
        {"stale-state-file", "checkpoint",
         fmt::format("names \"{}\", which is not there; {} was read",
                     Printable(missing), FileName(chosen.path))});
  }
  return chosen;
}

std::optional<TfPrefix> FromFile(const Source& source,
                                 const ReadOptions& options) {
  const std::string& path = source.path();
  if (std::optional<std::string> prefix = PrefixOfShard(path)) {
    if (HasIndex(source, *prefix)) return OfIndex(*prefix + ".index");
  }
  bool wants_model = options.as == ReadOptions::As::kModel;
  if (path.ends_with(kMetaSuffix) && !wants_model) {
    std::string prefix = Without(path, kMetaSuffix);
    bool wants_checkpoint = options.as == ReadOptions::As::kCheckpoint;
    if (wants_checkpoint && HasIndex(source, prefix)) {
      return OfIndex(prefix + ".index");
    }
  }
  if (IsTable(source)) {
    // TensorFlow reads P.index where there is one, the V1 file P otherwise.
    if (path.ends_with(kIndexSuffix)) return OfIndex(path);
    if (HasIndex(source, path)) return OfIndex(path + ".index");
    return TfPrefix{path, path, {}, {}, {}};
  }
  // A damaged index is one by its name: reading tells what is wrong with it.
  if (path.ends_with(kIndexSuffix)) return OfIndex(path);
  if (source.Peek(0, 256).find("model_checkpoint_path:") != std::string::npos) {
    return Choose(At(source, source.directory()), path);
  }
  return std::nullopt;
}

}  // namespace

std::string ShardPath(std::string_view prefix, uint32_t shard,
                      uint32_t shards) {
  return fmt::format("{}.data-{:05}-of-{:05}", prefix, shard, shards);
}

std::optional<std::string> PrefixOfShard(std::string_view path) {
  constexpr std::string_view kData = ".data-";
  size_t at = path.rfind(kData);
  if (at == path.npos || at == 0) return std::nullopt;
  std::string_view rest = path.substr(at + kData.size());
  size_t of = rest.find("-of-");
  if (of == rest.npos || !AllDigits(rest.substr(0, of)) ||
      !AllDigits(rest.substr(of + 4))) {
    return std::nullopt;
  }
  return std::string(path.substr(0, at));
}

std::optional<CheckpointState> ParseCheckpointState(std::string_view text) {
  CheckpointState state;
  bool has_latest = false;
  for (std::string_view line : Split(text, '\n')) {
    size_t colon = line.find(':');
    size_t quote = line.find_first_of("\"'", colon == line.npos ? 0 : colon);
    if (colon == line.npos || quote == line.npos) continue;
    size_t start = line.find_first_not_of(" \t");
    std::string_view field = line.substr(start, colon - start);
    std::string value = QuotedString(line.substr(quote));
    if (field == "model_checkpoint_path") {
      state.latest = value;
      has_latest = true;
    } else if (field == "all_model_checkpoint_paths") {
      state.all.push_back(value);
    }
  }
  if (!has_latest) return std::nullopt;
  return state;
}

std::optional<TfPrefix> FindTfPrefix(const Source& source,
                                     const ReadOptions& options) {
  if (source.is_file()) return FromFile(source, options);
  if (source.is_directory()) {
    std::optional<TfPrefix> inside =
        Choose(source, source.Child("checkpoint").path());
    if (inside) return inside;
  }
  if (HasIndex(source, source.path())) {
    return OfIndex(source.path() + std::string(kIndexSuffix));
  }
  return std::nullopt;
}

}  // namespace ckptdiff
