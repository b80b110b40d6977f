// TensorFlow.js: model.json and the weights it lists.
//
//   {"modelTopology": {…}, "format": "layers-model" | "graph-model",
//    "generatedBy": …, "weightsManifest": [
//      {"paths": ["group1-shard1of2.bin", …],
//       "weights": [{"name": "dense/kernel", "shape": [4, 3],
//                    "dtype": "float32", "quantization": {…}}]}]}
//
// The files of a group are one stream, cut into weights in their order: a
// weight may span files, and a missing file shifts nothing that can be read.
// Quantised weights are stored as uint8, uint16 or float16 and are what `dtype`
// says once loaded. Strings are length and bytes, element by element. The old
// converter wrote the manifest as a file of its own, a bare list. Weights of
// group "optimizer" are an optimizer's state.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "container/json_doc.h"
#include "formats/format.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxJson = uint64_t{64} << 20;
constexpr size_t kMaxRank = 64;
constexpr size_t kSniffBytes = 4096;

bool IsManifestName(const std::string& name) {
  return name.ends_with("weights_manifest.json");
}

bool IsModel(const Source& source) {
  std::string head = source.Peek(0, kSniffBytes);
  size_t first = head.find_first_not_of(" \t\r\n");
  if (first == head.npos) return false;
  auto has = [&head](std::string_view word) {
    return head.find(word) != head.npos;
  };
  if (head[first] == '[') return has("\"weights\"") || has("\"paths\"");
  if (head[first] != '{') return false;
  if (has("\"weightsManifest\"") || has("\"modelTopology\"")) return true;
  return source.PeekTail(kSniffBytes).find("\"weightsManifest\"") !=
         std::string::npos;
}

// model.json, or the manifest of the old converter.
std::optional<Source> Resolve(const Source& source) {
  if (!source.is_directory()) return source;
  if (source.HasChild("model.json")) return source.Child("model.json");
  for (const std::string& name : source.Entries()) {
    if (IsManifestName(name)) return source.Child(name);
  }
  return std::nullopt;
}

Claim Detect(const Source& source, const ReadOptions&) {
  std::optional<Source> file = Resolve(source);
  if (!file || !file->is_file() || !IsModel(*file)) return {};
  Claim claim{.match = Match::kYes, .primary = file->path()};
  Source directory(file->files(), file->directory());
  for (const std::string& name : directory.Entries()) {
    bool is_shard =
        name.ends_with(".bin") || name.find("-shard") != std::string::npos;
    if (is_shard) claim.members.push_back(file->Sibling(name).path());
  }
  return claim;
}

class TfjsReader {
 public:
  explicit TfjsReader(const Source& file) : file_(file) {}
  Layout Read() &&;

 private:
  void ReadGroup(const Json& group);
  void ReadWeight(const Json& weight);
  void OpenFiles(const Json& group);
  uint64_t StoredSize(const Json& weight, const Variable& variable);
  void CheckSize();
  void Add(std::string_view rule, std::string where, std::string message) {
    layout_.issues.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }

  const Source& file_;
  Layout layout_;
  // Of the group that is being read.
  struct Shard {
    std::string name;
    uint64_t begin = 0;  // in the stream
    uint64_t size = 0;
  };
  std::vector<Shard> shards_;
  bool is_complete_ = true;  // all files are there
  bool is_sized_ = true;     // the sizes of all weights are known
  uint64_t position_ = 0;    // in the stream
};

void TfjsReader::OpenFiles(const Json& group) {
  shards_.clear();
  is_complete_ = is_sized_ = true;
  position_ = 0;
  uint64_t begin = 0;
  const Json* paths = Member(group, "paths");
  if (paths == nullptr || !paths->is_array()) {
    throw Corrupt("weightsManifest", "has a group without paths");
  }
  for (const Json& path : *paths) {
    std::string name = path.is_string() ? path.get<std::string>() : "";
    bool leaves = name.empty() || name.starts_with("/");
    for (std::string_view part : Split(name, '/')) leaves |= part == "..";
    if (leaves) {
      is_complete_ = false;
      Add("external-link", name,
          "is no file below the model's directory; it is not followed");
      continue;
    }
    Source shard = file_.Sibling(name);
    if (!shard.is_file()) {
      is_complete_ = false;
      Add("missing-shard", name,
          "is not there: all weights behind its place are shifted");
      continue;
    }
    shards_.push_back({name, begin, shard.size()});
    begin += shard.size();
  }
}

// Bytes in the stream; a string does not tell its own.
uint64_t TfjsReader::StoredSize(const Json& weight, const Variable& variable) {
  std::string stored = variable.dtype;
  if (const Json* quantization = Member(weight, "quantization")) {
    stored = StringOr(*quantization, "dtype", stored);
  }
  std::optional<uint64_t> elements = variable.shape.Elements();
  std::optional<uint32_t> bits = DTypeBits(stored);
  if (!elements) throw Corrupt("weightsManifest", "has a shape beyond 2^64");
  if (!bits) {
    is_sized_ = false;
    return 0;
  }
  std::optional<uint64_t> bytes = CheckedMul(*elements, *bits / 8);
  if (!bytes) throw Corrupt("weightsManifest", "has a size beyond 2^64");
  return *bytes;
}

void TfjsReader::ReadWeight(const Json& weight) {
  Variable variable;
  variable.name = StringOr(weight, "name");
  variable.key = variable.name;
  variable.dtype = StringOr(weight, "dtype");
  variable.shape = Shape::Of({});
  const Json* shape = Member(weight, "shape");
  bool is_whole = shape != nullptr && shape->is_array() &&
                  shape->size() <= kMaxRank && !variable.name.empty();
  for (size_t i = 0; is_whole && i < shape->size(); ++i) {
    const Json& dim = (*shape)[i];
    is_whole = dim.is_number_unsigned() && dim.get<uint64_t>() <= INT64_MAX;
    if (is_whole) variable.shape.dims.push_back(dim.get<int64_t>());
  }
  if (!is_whole) {
    throw Corrupt("weightsManifest",
                  fmt::format("weight \"{}\" has no name or no shape",
                              Printable(variable.name)));
  }
  uint64_t size = StoredSize(weight, variable);
  bool is_quantized = Member(weight, "quantization") != nullptr;
  if (is_sized_) {
    variable.bytes = size;
    uint64_t begin = position_;
    std::optional<uint64_t> end = CheckedAdd(begin, size);
    if (!end) throw Corrupt("weightsManifest", "has a size beyond 2^64");
    position_ = *end;
    for (const Shard& shard : shards_) {
      bool is_inside = begin >= shard.begin && *end <= shard.begin + shard.size;
      if (!is_inside || !is_complete_ || is_quantized) continue;
      variable.data = ByteRange{shard.name, begin - shard.begin, size};
      break;
    }
  }
  if (StringOr(weight, "group") == "optimizer") {
    variable.role = Role::kOptimizer;
  }
  layout_.variables.push_back(std::move(variable));
}

void TfjsReader::CheckSize() {
  if (!is_complete_ || !is_sized_) return;
  uint64_t have =
      shards_.empty() ? 0 : shards_.back().begin + shards_.back().size;
  if (have == position_) return;
  std::string where = shards_.empty() ? "" : shards_.back().name;
  Add(have < position_ ? "truncated-data" : "unwritten-data", where,
      fmt::format("the weights of the group take {} bytes, its {} have {}",
                  position_, Count(shards_.size(), "file"), have));
}

void TfjsReader::ReadGroup(const Json& group) {
  OpenFiles(group);
  const Json* weights = Member(group, "weights");
  if (weights == nullptr || !weights->is_array()) {
    throw Corrupt("weightsManifest", "has a group without weights");
  }
  for (const Json& weight : *weights) ReadWeight(weight);
  CheckSize();
}

Layout TfjsReader::Read() && {
  layout_.source.format = "tfjs";
  layout_.source.framework = "tensorflow";
  Json model = ParseJson(file_.ReadAll(kMaxJson), {});
  const Json* manifest =
      model.is_array() ? &model : Member(model, "weightsManifest");
  if (manifest == nullptr || !manifest->is_array()) {
    throw Corrupt({}, "has no weightsManifest");
  }
  for (const Json& group : *manifest) ReadGroup(group);
  layout_.source.writer =
      Printable(StringOr(model, "convertedBy", StringOr(model, "generatedBy")));
  std::unordered_set<std::string> names;
  auto is_repeated = [&](const Variable& variable) {
    if (names.insert(variable.name).second) return false;
    Add("duplicate-variable", variable.name, "stands twice in the manifest");
    return true;
  };
  std::erase_if(layout_.variables, is_repeated);
  return std::move(layout_);
}

Layout Read(const Source& source, const ReadOptions&) {
  std::optional<Source> file = Resolve(source);
  Layout layout = TfjsReader(*file).Read();
  if (source.is_directory()) layout.source.resolved = file->path();
  return layout;
}

}  // namespace

extern constexpr Format kTfjs = {
    .id = "tfjs",
    .summary = "TensorFlow.js layers or graph model",
    .extensions = "model.json *-weights_manifest.json",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
