// The checkpoint of TensorFlow before 1.0 ("V1"): one SSTable, tensors and
// all; sharded ones are several whole tables, `P-00000-of-00002`.
//
//   SavedTensorSlices     1 meta (key ""), 2 data (all other keys)
//   SavedTensorSliceMeta  1 tensor* {1 name, 2 shape, 3 type, 4 slice*}
//   SavedSlice            1 name, 2 slice, 3 data (TensorProto)
//
// The meta alone is the listing. A data key is the encoded name and slice
// (container/tf_proto.h); its TensorProto has neither type nor shape, only the
// typed repeated field. There is no checksum of a tensor, only of blocks.
// Reference: TensorFlow, core/util/saved_tensor_slice.proto.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "container/sstable.h"
#include "container/tensor_bundle.h"
#include "container/tf_proto.h"
#include "formats/format.h"
#include "formats/tf/prefix.h"
#include "layout/tf1_slots.h"

namespace ckptdiff {
namespace {

struct V1Tensor {
  Variable variable;
  std::vector<TensorSlice> slices;
};

// Names come once for all shards; their slices may be in several.
using Tensors = std::map<std::string, V1Tensor>;

bool IsV1(const Source& source) {
  if (!source.is_file() || !EndsLikeSsTable(source.PeekTail(8))) return false;
  try {
    return KindOfTable(source.file()).kind == TableKind::kV1;
  } catch (const ParseError&) {
    return false;
  }
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// P of "P-00000-of-00002"; the path itself where it is no shard.
std::string PrefixOf(const std::string& path, std::string* shards) {
  size_t of = path.rfind("-of-");
  size_t dash = of == path.npos ? path.npos : path.rfind('-', of - 1);
  if (dash == path.npos || dash == 0 || of == 0 ||
      !AllDigits(std::string_view(path).substr(of + 4)) ||
      !AllDigits(std::string_view(path).substr(dash + 1, of - dash - 1))) {
    return path;
  }
  *shards = path.substr(of + 4);
  return path.substr(0, dash);
}

struct V1Files {
  std::string prefix;
  std::vector<std::string> paths;
  std::vector<std::string> missing;
};

constexpr unsigned long kMaxShards = 10'000;
constexpr size_t kMaxStateBytes = 1 << 20;

// What a path leads to: the file itself, or all shards of its prefix.
V1Files FilesOf(const Source& source) {
  const FileSystem& files = source.files();
  std::string shards;
  V1Files found{PrefixOf(source.path(), &shards), {}, {}};
  if (!source.is_file()) {  // a prefix: look for its first shard
    for (const std::string& name :
         Source(files, source.directory()).Entries()) {
      std::string of;
      std::string path = source.Sibling(name).path();
      if (PrefixOf(path, &of) == source.path() && !of.empty()) shards = of;
    }
    found.prefix = source.path();
  }
  if (shards.empty() || shards.size() > 5 || std::stoul(shards) > kMaxShards) {
    if (source.is_file()) found.paths = {source.path()};
    return found;
  }
  for (unsigned long i = 0; i < std::stoul(shards); ++i) {
    std::string path = fmt::format("{}-{:05}-of-{}", found.prefix, i, shards);
    bool is_there = files.Kind(path) == PathKind::kFile;
    (is_there ? found.paths : found.missing).push_back(path);
  }
  return found;
}

// The path of the table: of a directory the one its state file names, of a
// `.meta` that stands for a checkpoint the one beside it.
Source Resolve(const Source& typed, const ReadOptions& options) {
  constexpr std::string_view kMeta = ".meta";
  const std::string& path = typed.path();
  if (options.as == ReadOptions::As::kCheckpoint && path.ends_with(kMeta)) {
    return {typed.files(), path.substr(0, path.size() - kMeta.size())};
  }
  bool is_state =
      typed.is_file() && typed.size() <= kMaxStateBytes &&
      typed.Peek(0, 256).find("model_checkpoint_path:") != std::string::npos;
  if (!typed.is_directory() && !is_state) return typed;
  Source directory =
      is_state ? Source(typed.files(), typed.directory()) : typed;
  Source state_file = is_state ? typed : typed.Child("checkpoint");
  auto state = ParseCheckpointState(state_file.Peek(0, kMaxStateBytes));
  if (!state || state->latest.empty()) return typed;
  std::string_view latest = state->latest;
  Source stated = latest.starts_with('/') ? Source(typed.files(), state->latest)
                                          : directory.Child(latest);
  if (stated.is_file()) return stated;
  return directory.Child(LastPart(latest, "/"));
}

Claim Detect(const Source& typed, const ReadOptions& options) {
  Source source = Resolve(typed, options);
  if (source.is_directory()) return {};
  if (source.is_file() && !IsV1(source)) return {};
  // RestoreV2 reads P.index where both exist.
  if (Source(source.files(), source.path() + ".index").is_file()) return {};
  V1Files files = FilesOf(source);
  if (files.paths.empty() ||
      !IsV1(Source(source.files(), files.paths.front()))) {
    return {};
  }
  Claim claim{Match::kYes, files.paths.front(), files.paths};
  claim.members.push_back(files.prefix + ".meta");
  claim.members.push_back(source.Sibling("checkpoint").path());
  return claim;
}

V1Tensor ReadSliceMeta(ProtoMessage message) {
  V1Tensor tensor;
  tensor.variable.shape = Shape::Of({});
  while (message.Next()) {
    switch (message.number()) {
      case 1:
        tensor.variable.name = tensor.variable.key = message.Text();
        break;
      case 2:
        tensor.variable.shape = ReadTensorShape(message.Nested("shape"));
        break;
      case 3:
        tensor.variable.dtype = TfDTypeName(message.Varint()).value_or("");
        break;
      case 4:
        tensor.slices.push_back(ReadTensorSlice(message.Nested("slice")));
        break;
      default: break;
    }
  }
  return tensor;
}

void AddMeta(Bytes value, Tensors* tensors) {
  for (ProtoMessage message(value, "meta"); message.Next();) {
    if (message.number() != 1) continue;
    for (ProtoMessage meta = message.Nested("meta"); meta.Next();) {
      if (meta.number() != 1) continue;
      V1Tensor tensor = ReadSliceMeta(meta.Nested("meta: tensor"));
      auto [found, is_new] = tensors->try_emplace(tensor.variable.name, tensor);
      if (is_new) continue;
      V1Tensor& known = found->second;
      if (known.variable.shape != tensor.variable.shape ||
          known.variable.dtype != tensor.variable.dtype) {
        throw Corrupt("meta", fmt::format("two shards disagree on \"{}\"",
                                          Printable(tensor.variable.name)));
      }
      known.slices.insert(known.slices.end(), tensor.slices.begin(),
                          tensor.slices.end());
    }
  }
}

std::optional<uint64_t> BytesOf(const Variable& variable) {
  std::optional<uint32_t> bits = DTypeBits(variable.dtype);
  std::optional<uint64_t> elements = variable.shape.Elements();
  if (!bits || !elements) return std::nullopt;
  return CheckedMul(*elements, *bits / 8);
}

// The first number of the typed field: enough for a global step.
std::optional<int64_t> FirstNumber(ProtoMessage tensor) {
  std::optional<int64_t> value;
  while (tensor.Next()) {
    if (tensor.number() != 7 && tensor.number() != 10) continue;
    tensor.EachVarint([&](uint64_t number) {
      if (!value) value = static_cast<int64_t>(number);
    });
  }
  return value;
}

std::optional<int64_t> StepIn(const File& file, const std::string& key) {
  std::optional<int64_t> step;
  SsTable(file).EachFromBlockOf(key, [&](const SsTable::Entry& entry) {
    if (entry.key != key) return entry.key < key;
    for (ProtoMessage message(entry.value, "data"); message.Next();) {
      if (message.number() != 2) continue;
      for (ProtoMessage slice = message.Nested("data"); slice.Next();) {
        if (slice.number() == 3) step = FirstNumber(slice.Nested("data"));
      }
    }
    return false;
  });
  return step;
}

// Whether every slice that the meta lists has its entry, and every block its
// checksum: reads the whole file.
void Verify(const FileSystem& files, const V1Files& found,
            const Tensors& tensors, Layout* layout) {
  std::set<std::string> keys;
  for (const std::string& path : found.paths) {
    try {
      std::unique_ptr<File> file = files.Open(path);
      SsTable(*file).Each([&](const SsTable::Entry& entry) {
        keys.emplace(entry.key);
        return true;
      });
    } catch (const ParseError& error) {
      if (error.error().code == ErrorCode::kIo) throw;
      layout->issues.push_back(
          {"checksum-mismatch", std::string(LastPart(path, "/")),
           error.error().where + ": " + error.error().what});
      return;
    }
  }
  for (const auto& [name, tensor] : tensors) {
    for (const TensorSlice& slice : tensor.slices) {
      if (keys.contains(EncodeSliceKey(name, slice))) continue;
      layout->issues.push_back(
          {"truncated-data", Printable(name), "has no data in the file"});
      break;
    }
  }
}

Layout Read(const Source& typed, const ReadOptions& options) {
  Source source = Resolve(typed, options);
  V1Files found = FilesOf(source);
  Tensors tensors;
  for (const std::string& path : found.paths) {
    std::unique_ptr<File> file = source.files().Open(path);
    SsTable(*file).Each([&](const SsTable::Entry& entry) {
      if (entry.key.empty()) AddMeta(entry.value, &tensors);
      return false;  // the meta comes first
    });
  }
  Layout layout;
  layout.source.format = "tf-v1";
  layout.source.framework = "tensorflow";
  if (source.path() != typed.path()) layout.source.resolved = source.path();
  for (auto& [name, tensor] : tensors) {
    tensor.variable.bytes = BytesOf(tensor.variable);
    layout.variables.push_back(tensor.variable);
  }
  TieTf1Slots(&layout);
  for (const Variable& variable : layout.variables) {
    if (variable.role != Role::kStep || layout.source.step) continue;
    std::string key = EncodeSliceKey(variable.name, {});
    for (const std::string& path : found.paths) {
      if (layout.source.step) break;
      layout.source.step = StepIn(*source.files().Open(path), key);
    }
  }
  for (const std::string& path : found.missing) {
    layout.issues.push_back({"missing-shard", std::string(LastPart(path, "/")),
                             "is not there; its tensors are not listed"});
  }
  if (options.verify) Verify(source.files(), found, tensors, &layout);
  return layout;
}

}  // namespace

extern constexpr Format kTfV1 = {
    .id = "tf-v1",
    .summary = "TensorFlow checkpoint of before 1.0 (V1, one table)",
    .extensions = "*.ckpt",
    .is_checkpoint = true,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
