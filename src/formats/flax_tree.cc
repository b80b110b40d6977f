// (Over 300 lines: one walk, and every kind of leaf it meets.)

#include "formats/flax_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "container/msgpack.h"
#include "container/zarr_array.h"

namespace ckptdiff {
namespace {

using Kind = MsgpackItem::Kind;

constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxRank = 64;
constexpr size_t kMaxNumbers = 1000;  // bare ones that are listed
constexpr uint64_t kMaxZarrMetadata = 65536;
// What names may add up to, beyond a multiple of the file: deep trees repeat
// them in every leaf.
constexpr uint64_t kNameAllowance = uint64_t{16} << 20;
constexpr std::string_view kPlaceholder = "PLACEHOLDER://";
enum ExtType : int8_t { kArrayExt = 1, kComplexExt = 2, kScalarExt = 3 };

// The leaves of one file.
class FlaxReader {
 public:
  FlaxReader(const Source& source, std::vector<Issue>* issues)
      : source_(source),
        issues_(issues),
        reader_(source.file()),
        name_limit_(kNameAllowance + 4 * source.size()) {}

  std::vector<FlaxLeaf> Read() &&;

 private:
  void ReadValue();
  void ReadEntries(const MsgpackItem& item);
  std::string ReadKey(bool is_map, uint64_t i);
  void ReadArray(const MsgpackItem& ext);
  FlaxLeaf& AddLeaf(FlaxLeaf::What what);
  void AddNumber(std::string_view dtype, std::optional<int64_t> value);

  void JoinChunks(size_t first);
  void JoinZarr(size_t first);
  FlaxLeaf JoinInto(size_t first);
  void FollowPlaceholder(const std::string& directory, FlaxLeaf* leaf);

  void DropRepeated();
  void Add(std::string_view rule, std::string where, std::string message) {
    issues_->push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }

  const Source& source_;
  std::vector<Issue>* issues_;
  MsgpackReader reader_;
  uint64_t name_limit_;
  uint64_t name_bytes_ = 0;
  size_t numbers_ = 0;
  TreePath path_;  // of the value that is being read
  std::vector<FlaxLeaf> leaves_;
};

FlaxLeaf& FlaxReader::AddLeaf(FlaxLeaf::What what) {
  for (const std::string& part : path_) {
    name_bytes_ += part.size() + sizeof(std::string);
  }
  if (name_bytes_ > name_limit_) {
    reader_.Fail("the tree unfolds to names without end");
  }
  FlaxLeaf& leaf = leaves_.emplace_back();
  leaf.what = what;
  leaf.path = path_;
  return leaf;
}

void FlaxReader::AddNumber(std::string_view dtype,
                           std::optional<int64_t> value) {
  if (++numbers_ > kMaxNumbers) return;
  FlaxLeaf& leaf = AddLeaf(FlaxLeaf::What::kNumber);
  leaf.dtype = dtype;
  leaf.value = value;
}

// [shape, dtype, bytes] in the payload of an ext item.
void FlaxReader::ReadArray(const MsgpackItem& ext) {
  MsgpackItem parts = reader_.Next();
  if (parts.kind != Kind::kArray || parts.size != 3) {
    reader_.Fail("an array is not [shape, dtype, bytes]");
  }
  FlaxLeaf& leaf = AddLeaf(FlaxLeaf::What::kArray);
  MsgpackItem shape = reader_.Next();
  if (shape.kind != Kind::kArray || shape.size > kMaxRank) {
    reader_.Fail("an array has no shape");
  }
  for (uint64_t i = 0; i < shape.size; ++i) {
    MsgpackItem dim = reader_.Next();
    if (dim.kind != Kind::kInt || dim.integer < 0) {
      reader_.Fail("an array has a dimension that is no whole number");
    }
    leaf.shape.dims.push_back(dim.integer);
  }
  leaf.dtype = reader_.Text(reader_.Next());
  if (leaf.dtype == "bool_") leaf.dtype = "bool";
  if (!IsKnownDType(leaf.dtype)) leaf.dtype.clear();
  MsgpackItem bytes = reader_.Next();
  if (bytes.kind != Kind::kBinary) reader_.Fail("an array has no bytes");
  reader_.Skip(bytes);
  if (reader_.position() != ext.position + ext.size) {
    reader_.Fail(fmt::format("an array of {} bytes ends elsewhere", ext.size));
  }
  leaf.bytes = bytes.size;
  leaf.data = ByteRange{{}, bytes.position, bytes.size};
  std::optional<uint64_t> elements = leaf.shape.Elements();
  if (!elements) reader_.Fail("an array has more elements than 2^64");
  std::optional<uint32_t> bits = DTypeBits(leaf.dtype);
  if (!bits) return;
  uint32_t item = std::max<uint32_t>(*bits / 8, 1);  // int4: a byte each
  if (std::optional<uint64_t> need = CheckedMul(*elements, uint64_t{item});
      need != bytes.size) {
    Add("truncated-data", JoinTreePath(path_),
        fmt::format("{} {} takes {} bytes, {} are there", leaf.dtype,
                    ToString(leaf.shape), need.value_or(UINT64_MAX),
                    bytes.size));
  }
}

std::string FlaxReader::ReadKey(bool is_map, uint64_t i) {
  if (!is_map) return std::to_string(i);
  MsgpackItem key = reader_.Next();
  if (key.kind == Kind::kInt) return std::to_string(key.integer);
  if (key.kind != Kind::kText) reader_.Fail("a map has a key that is no text");
  return reader_.Text(key);
}

void FlaxReader::ReadEntries(const MsgpackItem& item) {
  if (path_.size() >= kMaxDepth) {
    reader_.Fail(fmt::format("the tree is deeper than {} levels", kMaxDepth));
  }
  size_t first = leaves_.size();
  bool is_chunked = false, has_driver = false, has_store = false;
  for (uint64_t i = 0; i < item.size; ++i) {
    path_.push_back(ReadKey(item.kind == Kind::kMap, i));
    const std::string& key = path_.back();
    is_chunked |= key == "__msgpack_chunked_array__";
    has_driver |= key == "driver";
    has_store |= key == "kvstore";
    ReadValue();
    path_.pop_back();
  }
  if (is_chunked) JoinChunks(first);
  if (has_driver && has_store) JoinZarr(first);
}

void FlaxReader::ReadValue() {
  MsgpackItem item = reader_.Next();
  switch (item.kind) {
    case Kind::kArray:
    case Kind::kMap: return ReadEntries(item);
    case Kind::kInt: return AddNumber("int64", item.integer);
    case Kind::kBool: return AddNumber("bool", std::nullopt);
    case Kind::kFloat: return AddNumber("float64", std::nullopt);
    case Kind::kText:
      AddLeaf(FlaxLeaf::What::kText).text = reader_.Text(item);
      return;
    case Kind::kExt: break;
    case Kind::kNil:
    case Kind::kBinary: return reader_.Skip(item);
  }
  if (item.ext_type == kArrayExt || item.ext_type == kScalarExt) {
    return ReadArray(item);
  }
  reader_.Skip(item);
  if (item.ext_type == kComplexExt) AddNumber("complex128", std::nullopt);
}

// Takes the leaves from `first` on away; the new one stands for them all.
FlaxLeaf FlaxReader::JoinInto(size_t first) {
  leaves_.resize(first);
  FlaxLeaf leaf;
  leaf.path = path_;
  return leaf;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         text.find_first_not_of("0123456789") == text.npos;
}

void FlaxReader::JoinChunks(size_t first) {
  std::vector<std::pair<uint64_t, int64_t>> dims;
  uint64_t bytes = 0;
  std::string dtype;
  for (size_t i = first; i < leaves_.size(); ++i) {
    const FlaxLeaf& leaf = leaves_[i];
    if (leaf.path.size() != path_.size() + 2) continue;
    const std::string& group = leaf.path[path_.size()];
    if (group == "shape" && leaf.value && IsNumber(leaf.path.back())) {
      dims.emplace_back(std::stoull(leaf.path.back()), *leaf.value);
    } else if (group == "chunks" && leaf.bytes) {
      bytes = CheckedAdd(bytes, *leaf.bytes).value_or(UINT64_MAX);
      dtype = leaf.dtype;
    }
  }
  std::sort(dims.begin(), dims.end());
  FlaxLeaf joined = JoinInto(first);
  for (const auto& [axis, dim] : dims) joined.shape.dims.push_back(dim);
  joined.dtype = dtype;
  joined.bytes = bytes;
  std::optional<uint64_t> elements = joined.shape.Elements();
  std::optional<uint32_t> bits = DTypeBits(dtype);
  if (elements && bits && CheckedMul(*elements, *bits / 8) != bytes) {
    Add("truncated-data", JoinTreePath(path_),
        fmt::format("{} {}: its chunks have {} bytes", dtype,
                    ToString(joined.shape), bytes));
  }
  leaves_.push_back(std::move(joined));
}

void FlaxReader::JoinZarr(size_t first) {
  std::vector<std::pair<uint64_t, int64_t>> dims;
  std::string directory;
  for (size_t i = first; i < leaves_.size(); ++i) {
    const FlaxLeaf& leaf = leaves_[i];
    std::string below = leaf.path[path_.size()];
    if (below == "kvstore" && leaf.path.back() == "path") {
      directory = leaf.text;
    }
    bool is_dim = below == "metadata" && leaf.value &&
                  leaf.path.size() == path_.size() + 3 &&
                  leaf.path[path_.size() + 1] == "shape" &&
                  IsNumber(leaf.path.back());
    if (is_dim) dims.emplace_back(std::stoull(leaf.path.back()), *leaf.value);
  }
  std::sort(dims.begin(), dims.end());
  FlaxLeaf joined = JoinInto(first);
  for (const auto& [axis, dim] : dims) joined.shape.dims.push_back(dim);
  FollowPlaceholder(directory, &joined);
  leaves_.push_back(std::move(joined));
}

// Shape and type of an array that is kept as Zarr in a directory beside.
void FlaxReader::FollowPlaceholder(const std::string& directory,
                                   FlaxLeaf* leaf) {
  std::string name = directory;
  while (name.ends_with('/')) name.pop_back();
  std::string where = JoinTreePath(leaf->path);
  bool is_plain = !name.empty() && name != ".." && name != "." &&
                  name.find('/') == name.npos;
  if (!is_plain) {
    Add("external-link", where,
        fmt::format("its data are in \"{}\", which is no directory beside the "
                    "file; it is not followed",
                    Printable(name)));
    return;
  }
  Source metadata = source_.Sibling(name).Child(kZarr2Metadata);
  if (!metadata.is_file()) {
    Add("missing-shard", where,
        fmt::format("its data should be in {}/, which is not there",
                    Printable(name)));
    return;
  }
  ZarrArray array = ParseZarrArray(metadata.ReadAll(kMaxZarrMetadata),
                                   JoinPath(name, kZarr2Metadata));
  leaf->shape = Shape::Of(array.shape);
  leaf->dtype = array.dtype;
  std::optional<uint64_t> elements = leaf->shape.Elements();
  if (elements && array.item_size > 0) {
    leaf->bytes = CheckedMul(*elements, array.item_size);
  }
}

// A key that stands twice in a map: loaders take the last one.
void FlaxReader::DropRepeated() {
  std::unordered_map<std::string, size_t> last;
  std::vector<bool> is_repeated(leaves_.size());
  for (size_t i = 0; i < leaves_.size(); ++i) {
    std::string name = JoinTreePath(leaves_[i].path);
    auto [at, is_new] = last.emplace(name, i);
    if (is_new) continue;
    is_repeated[at->second] = true;
    at->second = i;
    Add("duplicate-variable", name, "stands twice; Flax reads the last one");
  }
  size_t kept = 0;
  for (size_t i = 0; i < leaves_.size(); ++i) {
    bool is_text = leaves_[i].what == FlaxLeaf::What::kText;
    if (is_repeated[i] || is_text) continue;
    if (kept != i) leaves_[kept] = std::move(leaves_[i]);
    ++kept;
  }
  leaves_.resize(kept);
}

std::vector<FlaxLeaf> FlaxReader::Read() && {
  MsgpackItem top = reader_.Next();
  if (top.kind != Kind::kMap) reader_.Fail("the file holds no map");
  ReadEntries(top);
  if (reader_.remaining() > 0) {
    Add("unwritten-data", {},
        fmt::format("{} bytes behind the tree belong to nothing: Flax refuses "
                    "the file",
                    reader_.remaining()));
  }
  for (FlaxLeaf& leaf : leaves_) {
    if (leaf.what != FlaxLeaf::What::kText) continue;
    if (!leaf.text.starts_with(kPlaceholder)) continue;
    leaf.what = FlaxLeaf::What::kArray;
    leaf.shape = Shape::Unknown();
    FollowPlaceholder(leaf.text.substr(kPlaceholder.size()), &leaf);
  }
  DropRepeated();
  return std::move(leaves_);
}

}  // namespace

std::vector<FlaxLeaf> ReadFlaxTree(const Source& source,
                                   std::vector<Issue>* issues) {
  return FlaxReader(source, issues).Read();
}

}  // namespace ckptdiff
