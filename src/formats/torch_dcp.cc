// Distributed checkpoints of PyTorch (torch.distributed.checkpoint, FSDP): a
// directory of
//
//   .metadata         a bare pickle (protocol 4) of one Metadata object
//   __<rank>_<n>.distcp  what one rank wrote: one torch zip after the other
//
//   Metadata   state_dict_metadata  {fqn: TensorStorageMetadata(properties,
//                                    size, chunks) | BytesStorageMetadata}
//              planner_data         {fqn: path in the state_dict, a tuple}
//              storage_data         {MetadataIndex(fqn, offset):
//                                    _StorageInfo(relative_path, offset,
//                                    length)}
//
// A tensor may be in several chunks in several files. What is no tensor (lr,
// betas, epoch) is a small zip of its own. The paths of planner_data rebuild
// the state_dict; from there on it is read like any other torch object. Only
// it tells where a dot of an fqn separates.
//
// A save that was never finished has `.metadata.tmp` instead.
//
// One file: what it does to the paths is of use to nothing else.
//
// Reference: torch/distributed/checkpoint/{metadata,filesystem}.py.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "formats/format.h"
#include "formats/torch_archive.h"
#include "formats/torch_dcp_metadata.h"
#include "formats/torch_layout.h"
#include "io/file_range.h"

namespace ckptdiff {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view kMetadataModule =
    "torch.distributed.checkpoint.metadata";
// Values beside the tensors: numbers and short lists of them.
constexpr uint64_t kMaxValueBytes = 256 << 10;
constexpr size_t kMaxValues = 512;
constexpr size_t kMaxValueCost = size_t{1} << 18;
// Beyond this a listing would read more than the metadata to find each tensor.
constexpr size_t kMaxLocated = 4096;
constexpr size_t kMaxPathSteps = 100;
constexpr size_t kMaxDamaged = 20;  // chunks that are named

// The shape and the dtype of a TensorStorageMetadata.
std::optional<TorchTensor> ReadMetadataTensor(const PickleValue& value) {
  std::optional<std::vector<int64_t>> dims =
      ReadDims(DcpAttribute(value, "size"));
  if (!dims) return std::nullopt;
  for (int64_t dim : *dims) {
    if (dim < 0) return std::nullopt;
  }
  TorchTensor tensor;
  tensor.shape = Shape::Of(std::move(*dims));
  const PickleValue* properties = DcpAttribute(value, "properties");
  // A tuple (dtype, layout, …) in the state; before torch 2.1, a dict.
  if (properties != nullptr && properties->is_call() &&
      properties->call->state != nullptr) {
    const PickleValue& state = *properties->call->state;
    const PickleValue* dtype =
        state.is_mapping ? Find(state, "dtype") : Item(state, 0);
    tensor.dtype = TorchDType(GlobalName(dtype));
  }
  std::optional<uint64_t> count = tensor.shape.Elements();
  std::optional<uint32_t> bits = DTypeBits(tensor.dtype);
  if (count && bits) tensor.bytes = CheckedMul(*count, (*bits + 7) / 8);
  return tensor;
}

// Tensors by their fqn, each in a zip inside a shard.
class DcpStorages : public TorchStorages {
 public:
  DcpStorages(const DcpEntries& entries, DcpShards* shards)
      : entries_(entries), shards_(*shards) {}

  std::optional<TorchRecord> Find(std::string_view fqn) const override;

 private:
  const DcpEntries& entries_;
  DcpShards& shards_;
};

std::optional<TorchRecord> DcpStorages::Find(std::string_view fqn) const {
  const DcpEntry* entry = entries_.Find(fqn);
  if (entry == nullptr || entry->chunks.size() != 1) return std::nullopt;
  const DcpChunk& chunk = entry->chunks[0];
  const File* file = shards_.Open(chunk.file);
  if (file == nullptr || !chunk.Fits(file->size())) return std::nullopt;
  FileRange range(*file, chunk.offset, chunk.length);
  std::optional<TorchRecord> record = TryFindTensor(range);
  if (!record) return std::nullopt;
  record->file = file;
  record->file_name = chunk.file;
  record->offset += chunk.offset;
  return record;
}

class Reader {
 public:
  Reader(const Source& metadata, const ReadOptions& options)
      : metadata_(metadata),
        options_(options),
        pickle_(metadata.file(), 0, kDcpMetadataName),
        shards_(metadata),
        entries_(pickle_.root()) {}

  Layout Read();

 private:
  void BuildObject();
  void Place(std::string_view fqn, const PickleValue& path,
             const PickleValue* value);
  const PickleValue* ReadValue(const DcpEntry& entry);
  PickleValue* New(Kind kind);
  std::optional<TorchTensor> Decode(const PickleValue& value) const;
  void RestoreKeys(Layout* layout) const;
  void VerifyChunks(Layout* layout);

  const Source& metadata_;
  const ReadOptions& options_;
  Pickle pickle_;
  DcpShards shards_;
  DcpEntries entries_;
  // The rebuilt state_dict: dicts by their path, owned here.
  std::deque<PickleValue> values_;
  std::deque<Pickle> loaded_;
  size_t loaded_cost_ = 0;
  PickleValue* root_ = nullptr;
  std::map<std::pair<const PickleValue*, std::string>, PickleValue*> dicts_;
  std::unordered_map<const PickleValue*, std::string_view> fqn_of_;
  std::unordered_map<std::string, std::string_view> fqn_at_;  // by path
};

PickleValue* Reader::New(Kind kind) {
  PickleValue& value = values_.emplace_back();
  value.kind = kind;
  value.is_mapping = kind == Kind::kDict;
  return &value;
}

// A value that is no tensor; nullptr where it is not read.
const PickleValue* Reader::ReadValue(const DcpEntry& entry) {
  if (entry.chunks.size() != 1 || loaded_.size() >= kMaxValues ||
      loaded_cost_ > kMaxValueCost) {
    return nullptr;
  }
  const DcpChunk& chunk = entry.chunks[0];
  const File* file = shards_.Open(chunk.file);
  if (file == nullptr || chunk.length > kMaxValueBytes ||
      !chunk.Fits(file->size())) {
    return nullptr;
  }
  FileRange range(*file, chunk.offset, chunk.length);
  std::optional<Pickle> pickle = TryReadPickle(range);
  if (!pickle) return nullptr;
  loaded_.push_back(std::move(*pickle));
  loaded_cost_ += loaded_.back().size();
  return &loaded_.back().root();
}

// Puts the value where its path says, making the dicts above it. A list comes
// as a dict of numbers; only the groups of an optimizer have to be one again.
void Reader::Place(std::string_view fqn, const PickleValue& path,
                   const PickleValue* value) {
  PickleValue* dict = root_;
  std::string joined;
  size_t steps = path.items.size();
  if (steps == 0 || steps > kMaxPathSteps) return;
  for (size_t i = 0; i < steps; ++i) {
    const PickleValue* key = path.items[i];
    std::optional<int64_t> number = AsInt(key);
    std::string name =
        number ? std::to_string(*number) : std::string(key->text);
    joined += (i > 0 ? "/" : "") + name;
    if (i + 1 == steps) {
      dict->items.push_back(key);
      dict->items.push_back(value);
      break;
    }
    PickleValue*& below = dicts_[{dict, name}];
    if (below == nullptr) {
      below = New(Kind::kDict);
      bool is_groups = name == "param_groups";
      if (is_groups) {
        below->kind = Kind::kList;
        below->is_mapping = false;
      }
      if (dict->is_mapping) dict->items.push_back(key);
      dict->items.push_back(below);
    }
    dict = below;
    if (!dict->is_mapping && i + 2 == steps) return;  // no group, but a value
  }
  fqn_at_.emplace(std::move(joined), fqn);
}

void Reader::BuildObject() {
  root_ = New(Kind::kDict);
  const PickleValue* planner = DcpAttribute(pickle_.root(), "planner_data");
  std::unordered_map<std::string_view, const PickleValue*> paths;
  if (planner != nullptr && planner->is_mapping) {
    for (size_t i = 0; i + 1 < planner->items.size(); i += 2) {
      if (planner->items[i + 1]->is_sequence()) {
        paths.emplace(planner->items[i]->text, planner->items[i + 1]);
      }
    }
  }
  for (std::string_view fqn : entries_.order()) {
    const DcpEntry& entry = *entries_.Find(fqn);
    const PickleValue* value =
        entry.is_tensor ? entry.metadata : ReadValue(entry);
    if (value == nullptr) continue;
    if (entry.is_tensor) fqn_of_.emplace(value, fqn);
    auto path = paths.find(fqn);
    if (path != paths.end()) {
      Place(fqn, *path->second, value);
      continue;
    }
    PickleValue* whole = New(Kind::kTuple);
    PickleValue* name = New(Kind::kText);
    name->text = fqn;
    whole->items.push_back(name);
    Place(fqn, *whole, value);
  }
}

std::optional<TorchTensor> Reader::Decode(const PickleValue& value) const {
  auto found = fqn_of_.find(&value);
  if (found == fqn_of_.end()) return std::nullopt;
  std::optional<TorchTensor> tensor = ReadMetadataTensor(value);
  if (!tensor) {
    throw Corrupt(Printable(found->second), "has no size in the metadata");
  }
  const DcpEntry& entry = *entries_.Find(found->second);
  bool is_whole = entry.chunks.size() == 1 && entry.chunk_count == 1;
  bool is_step = found->second.ends_with("step");
  if (is_whole && tensor->bytes &&
      (is_step || entries_.order().size() <= kMaxLocated)) {
    tensor->storage =
        TorchStorage{.key = found->second, .bytes = *tensor->bytes};
    tensor->end = *tensor->bytes;
    tensor->is_contiguous = true;
  }
  return tensor;
}

// The identity of a variable is the fqn that the file stores.
void Reader::RestoreKeys(Layout* layout) const {
  auto restore = [&](std::string* key) {
    auto found = fqn_at_.find(*key);
    if (found != fqn_at_.end()) *key = found->second;
  };
  for (Variable& variable : layout->variables) {
    restore(&variable.key);
    if (variable.slot) restore(&variable.slot->owner_key);
  }
}

// Each chunk is a zip with checksums of its own. Shard by shard, since only
// one is open at a time; what does not fit is listed already.
void Reader::VerifyChunks(Layout* layout) {
  struct Place {
    DcpChunk chunk;
    std::string_view fqn;
  };
  std::vector<Place> places;
  for (std::string_view fqn : entries_.order()) {
    for (const DcpChunk& chunk : entries_.Find(fqn)->chunks) {
      places.push_back({chunk, fqn});
    }
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) {
                     return std::pair(a.chunk.file, a.chunk.offset) <
                            std::pair(b.chunk.file, b.chunk.offset);
                   });
  size_t damaged = 0;
  for (const auto& [chunk, fqn] : places) {
    const File* file = shards_.Open(chunk.file);
    if (file == nullptr || !chunk.Fits(file->size())) continue;
    FileRange range(*file, chunk.offset, chunk.length);
    std::optional<std::string> damage = DamageOfArchive(range);
    if (!damage) continue;
    layout->issues.push_back(
        {"checksum-mismatch", std::string(fqn),
         fmt::format("its part at {} of {}: {}", chunk.offset,
                     Printable(chunk.file), *damage)});
    if (++damaged == kMaxDamaged) return;
  }
}

Layout Reader::Read() {
  BuildObject();
  DcpStorages storages(entries_, &shards_);
  TorchObject object;
  object.root = root_;
  object.bytes = metadata_.size();
  object.globals = pickle_.globals();
  object.decode = [this](const PickleValue& value, std::string_view) {
    return Decode(value);
  };
  Layout layout = BuildTorchLayout(object, storages, options_);
  RestoreKeys(&layout);
  // Of one missing file every tensor would be reported: once is enough.
  std::erase_if(layout.issues, [](const Issue& issue) {
    return issue.rule == "truncated-data";
  });
  entries_.CheckShards(&shards_, &layout.issues);
  if (options_.verify) VerifyChunks(&layout);
  layout.source.format = "torch-dcp";
  return layout;
}

bool IsMetadata(const Source& source) {
  std::string head = source.Peek(0, 256);
  return head.starts_with('\x80') &&
         head.find(kMetadataModule) != std::string::npos;
}

// The metadata of what was typed: the file itself, or that of a directory.
Source MetadataOf(const Source& source) {
  return source.is_directory() ? source.Child(kDcpMetadataName) : source;
}

Claim Detect(const Source& source, const ReadOptions&) {
  Source metadata = MetadataOf(source);
  bool is_unfinished = source.is_directory() &&
                       source.HasChild(".metadata.tmp") &&
                       metadata.kind() == PathKind::kNone;
  if (is_unfinished) return {.match = Match::kMaybe, .primary = source.path()};
  if (!metadata.is_file() || !IsMetadata(metadata)) return {};
  Claim claim{.match = Match::kYes, .primary = metadata.path()};
  Source directory(metadata.files(), metadata.directory());
  for (const std::string& name : directory.Entries()) {
    if (name.ends_with(".distcp")) {
      claim.members.push_back(metadata.Sibling(name).path());
    }
  }
  return claim;
}

Layout Read(const Source& source, const ReadOptions& options) {
  Source metadata = MetadataOf(source);
  if (!metadata.is_file()) {
    throw ParseError(ErrorCode::kCorrupt, ".metadata.tmp",
                     "the save was never finished: there is no .metadata",
                     "take the checkpoint before it");
  }
  Layout layout = Reader(metadata, options).Read();
  if (source.is_directory()) layout.source.resolved = metadata.path();
  return layout;
}

}  // namespace

extern constexpr Format kTorchDcp = {
    .id = "torch-dcp",
    .summary = "PyTorch distributed checkpoints (DCP, FSDP)",
    .extensions = ".metadata *.distcp",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
