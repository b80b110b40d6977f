// Flax: one MessagePack map, the state dict of a pytree, as
// flax.serialization.to_bytes writes it. Lists and tuples have become maps
// with keys "0", "1", ...; empty containers are empty maps. Leaves:
//
//   ext 1    array: MessagePack again, [shape, dtype name, bytes]
//   ext 2    a Python complex number
//   ext 3    numpy scalar, encoded as an array
//   number, text, nil                          plain Python values
//   {"__msgpack_chunked_array__": true,        an array of over 1 GiB
//    "shape": {"0": …}, "chunks": {"0": ext 1, …}}
//   {"driver": "zarr", "kvstore": {"path": p}, "metadata": {"shape": …}}
//                                              T5X: in the directory p beside
//   "PLACEHOLDER://name"                       Orbax: in the directory name
//
// Files are called checkpoint_<step>, flax_model.msgpack or <anything>.msgpack;
// T5X has `checkpoint` in a directory with its arrays. A directory of
// checkpoint_<step> stands for the newest, in natural order. The file is walked
// and never held: payloads are stepped over. There is no checksum.

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "formats/flax_tree.h"
#include "formats/format.h"
#include "formats/model_directory.h"
#include "formats/shard_index.h"
#include "layout/pytree.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kPrefix = "checkpoint_";
constexpr std::array<std::string_view, 1> kShardExtensions = {".msgpack"};
constexpr std::array<std::string_view, 2> kModelFiles = {
    "flax_model.msgpack", "flax_model.msgpack.index.json"};

// The value of a counter, which may be an array of one.
std::optional<int64_t> ValueOf(const FlaxLeaf& leaf, const Source& source) {
  if (leaf.value || !leaf.data || leaf.data->size > 8) return leaf.value;
  bool is_signed = leaf.dtype.starts_with("int");
  if (!is_signed && !leaf.dtype.starts_with("uint")) return std::nullopt;
  std::string bytes = source.Read(leaf.data->offset, leaf.data->size);
  return LittleInteger(AsBytes(bytes), is_signed);
}

Layout ReadFile(const Source& source) {
  Layout layout;
  layout.source.framework = "flax";
  std::vector<FlaxLeaf> leaves = ReadFlaxTree(source, &layout.issues);
  layout.variables.reserve(leaves.size());
  std::vector<TreePath> paths;
  std::vector<bool> is_python;
  for (FlaxLeaf& leaf : leaves) {
    Variable& variable = layout.variables.emplace_back();
    variable.key = JoinTreePath(leaf.path);
    variable.shape = leaf.shape;
    variable.dtype = leaf.dtype;
    variable.bytes = leaf.bytes;
    variable.data = leaf.data;
    paths.push_back(std::move(leaf.path));
    is_python.push_back(leaf.what == FlaxLeaf::What::kNumber);
  }
  DescribeTree(paths, is_python, &layout);
  std::vector<std::optional<int64_t>> steps;
  for (size_t i : StepVariables(paths, layout)) {
    steps.push_back(ValueOf(leaves[i], source));
  }
  layout.source.step = OneStep(steps);
  return layout;
}

// A map whose first key is text, and somewhere in front an array's dtype.
Match Sniff(const Source& source) {
  std::string head = source.Peek(0, 4096);
  if (head.size() < 3) return Match::kNo;
  auto byte = [&head](size_t i) {
    return i < head.size() ? static_cast<unsigned char>(head[i]) : 0u;
  };
  size_t at = 1;
  if (byte(0) == 0xde) at = 3;
  if (byte(0) == 0xdf) at = 5;
  if (at == 1 && (byte(0) < 0x81 || byte(0) > 0x8f)) return Match::kNo;
  size_t size = byte(at) & 0x1f;
  if (byte(at) == 0xd9) {
    size = byte(++at);
  } else if (byte(at) < 0xa0 || byte(at) > 0xbf) {
    return Match::kNo;
  }
  std::string key = head.substr(std::min(at + 1, head.size()), size);
  if (key.size() != size || Printable(key) != key) return Match::kNo;
  for (std::string_view mark : {"\xa7"
                                "float32",
                                "\xa8"
                                "bfloat16",
                                "\xa7"
                                "float16",
                                "\xa7"
                                "float64",
                                "\xa5"
                                "int32",
                                "\xa5"
                                "int64",
                                "\xa6"
                                "uint32",
                                "\xa4"
                                "int8",
                                "\xa6"
                                "driver",
                                "PLACEHOLDER://"}) {
    if (head.find(mark) != head.npos) return Match::kYes;
  }
  std::string name = source.name();
  bool is_named = name.ends_with(".msgpack") || name.starts_with("checkpoint");
  return is_named ? Match::kMaybe : Match::kNo;
}

// What a directory stands for; itself where it stands for nothing.
Source Resolve(const Source& source) {
  if (!source.is_directory()) return source;
  if (std::optional<Source> file = FindModelFile(source, kModelFiles)) {
    return *file;
  }
  std::string newest;
  for (const std::string& name : source.Entries()) {
    std::string_view step =
        std::string_view(name).substr(std::min(kPrefix.size(), name.size()));
    bool is_one = name.starts_with(kPrefix) && !step.empty() &&
                  step.find_first_not_of("0123456789.") == step.npos;
    if (is_one && (newest.empty() || NaturalLess(newest, name))) newest = name;
  }
  if (!newest.empty()) return Resolve(source.Child(newest));
  return source.HasChild("checkpoint") ? source.Child("checkpoint") : source;
}

Claim Detect(const Source& source, const ReadOptions&) {
  Source file = Resolve(source);
  if (!file.is_file()) return {};
  if (IsShardIndex(file, kShardExtensions)) {
    Claim claim = ClaimShardIndex(file);
    claim.primary = file.path();
    return claim;
  }
  Claim claim{.match = Sniff(file), .primary = file.path()};
  // T5X and old Orbax keep the arrays in the directory of `checkpoint`.
  if (file.name() == "checkpoint") claim.members = {file.directory()};
  return claim;
}

Layout Read(const Source& source, const ReadOptions& options) {
  Source file = Resolve(source);
  Layout layout = IsShardIndex(file, kShardExtensions)
                      ? ReadShards(file, options)
                      : ReadFile(file);
  layout.source.format = "flax-msgpack";
  if (source.is_directory()) layout.source.resolved = file.path();
  return layout;
}

}  // namespace

extern constexpr Format kFlaxMsgpack = {
    .id = "flax-msgpack",
    .summary = "Flax MessagePack, T5X ones too",
    .extensions = "*.msgpack checkpoint_<step>",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
