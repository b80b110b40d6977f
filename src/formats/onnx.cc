// ONNX: one protobuf message without a magic, ModelProto.
//
//   1 ir_version · 2 producer_name · 3 producer_version · 7 graph · 8 opsets
//   20 training_info*  {2 algorithm: a graph}
//   graph   1 node* · 5 initializer* (TensorProto) · 15 sparse_initializer*
//   tensor  1 dims* · 2 data_type · 8 name · 9 raw_data, or the values in
//           4 to 7, 10, 11 by type · 13 external_data* {1 key, 2 value}
//           · 14 data_location (1: external)
//   node    2 output* · 4 op_type · 5 attribute* {5 tensor, 6 graph, 11
//   graphs*}:
//           the value of a Constant; the branches of If, Loop, Scan
//
// Variables are the initializers, also those of branches. What a Constant node
// holds (axes, shapes, weights that an exporter folded) is bookkeeping; the
// initializers of a training algorithm are its optimizer's. Data may lie in
// other files beside the model (`location`, `offset`, `length`, sometimes a
// SHA-1 of that file). The file is stepped through: raw_data is never read.
// There is no optimizer, no step, and no checksum of the model itself.
//
// (Over 300 lines: one message, and what each of its fields means.)

#include <fmt/format.h>

#include <array>
#include <unordered_set>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "container/proto_wire.h"
#include "formats/format.h"
#include "formats/onnx_external.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxText = 65536;
constexpr size_t kMaxRank = 64;
// A list of so many that are so small would take a hundred times the file.
constexpr size_t kManyTensors = 65536;
constexpr uint64_t kManyTensorsBytes = 32;
constexpr int kMaxBranches = 16;  // graphs in graphs

// By the numbers of TensorProto.DataType.
constexpr std::array<std::string_view, 27> kDTypes = {
    "",
    "float32",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "int32",
    "int64",
    "string",
    "bool",
    "float16",
    "float64",
    "uint32",
    "uint64",
    "complex64",
    "complex128",
    "bfloat16",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "uint4",
    "int4",
    "float4_e2m1fn",
    "float8_e8m0fnu",
    "uint2",
    "int2",
};

struct Tensor {
  Variable variable;
  bool is_external = false;
  OnnxExternal external;
  std::optional<ByteRange> raw;
};

std::optional<uint64_t> ParseNumber(const std::string& text) {
  if (text.empty() || text.size() > 19) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

class OnnxReader {
 public:
  OnnxReader(const Source& source, const ReadOptions& options)
      : source_(source),
        external_data_(source, options.verify, &layout_.issues) {}

  Layout Read() &&;

 private:
  void ReadGraph(ProtoFile graph, int depth, Role role = Role::kWeight);
  void ReadTraining(ProtoFile training);
  void ReadNode(ProtoFile node, int depth);
  void ReadAttribute(ProtoFile attribute, int depth);
  void ReadConstant(ProtoFile attribute, const std::string& output);
  Tensor ReadTensor(ProtoFile proto);
  void ReadSparse(ProtoFile proto);
  void ReadDims(const ProtoFile& field, Shape* shape);
  void ReadExternal(ProtoFile entry, OnnxExternal* external);
  void Settle(Tensor tensor);
  void Add(std::string_view rule, std::string where, std::string message) {
    layout_.issues.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }

  const Source& source_;
  Layout layout_;
  OnnxExternalData external_data_;
  std::unordered_set<std::string> names_;
};

void OnnxReader::ReadDims(const ProtoFile& field, Shape* shape) {
  auto add = [shape](uint64_t dim) {
    if (dim > INT64_MAX || shape->dims.size() == kMaxRank) {
      throw Corrupt("tensor", fmt::format("has a dimension of {}, or more "
                                          "than 64 of them",
                                          static_cast<int64_t>(dim)));
    }
    shape->dims.push_back(static_cast<int64_t>(dim));
  };
  if (field.wire() == 0) return add(field.Varint());
  std::string packed = field.Read(kMaxText);
  ByteCursor cursor(AsBytes(packed), "tensor dims");
  while (!cursor.done()) add(cursor.Varint64("dimension"));
}

void OnnxReader::ReadExternal(ProtoFile entry, OnnxExternal* external) {
  std::string key, value;
  while (entry.Next()) {
    if (entry.number() == 1) key = entry.Read(kMaxText);
    if (entry.number() == 2) value = entry.Read(kMaxText);
  }
  if (key == "location") external->location = value;
  if (key == "checksum") external->checksum = value;
  if (key == "offset") external->offset = ParseNumber(value).value_or(0);
  if (key == "length") external->length = ParseNumber(value);
}

Tensor OnnxReader::ReadTensor(ProtoFile proto) {
  Tensor tensor;
  Variable& variable = tensor.variable;
  variable.shape = Shape::Of({});
  while (proto.Next()) {
    switch (proto.number()) {
      case 1: ReadDims(proto, &variable.shape); break;
      case 2:
        if (uint64_t type = proto.Varint(); type < kDTypes.size()) {
          variable.dtype = kDTypes[type];
        }
        break;
      case 8: variable.name = proto.Read(kMaxText); break;
      case 9: tensor.raw = ByteRange{{}, proto.offset(), proto.size()}; break;
      case 13:
        ReadExternal(proto.Nested("external data"), &tensor.external);
        break;
      case 14: tensor.is_external = proto.Varint() == 1; break;
      default: break;
    }
  }
  return tensor;
}

// What the bytes must be, and where they are.
void OnnxReader::Settle(Tensor tensor) {
  Variable& variable = tensor.variable;
  variable.key = variable.name;
  if (variable.name.empty()) {
    throw Corrupt("graph", "holds an initializer without a name");
  }
  if (!names_.insert(variable.name).second) {
    Add("duplicate-variable", variable.name, "stands twice in the model");
    return;
  }
  std::optional<uint64_t> elements = variable.shape.Elements();
  if (!elements) {
    throw Corrupt("tensor " + Printable(variable.name),
                  "has more elements than 2^64");
  }
  std::optional<uint32_t> bits = DTypeBits(variable.dtype);
  std::optional<uint64_t> need;
  if (bits) need = CheckedMul(*elements, uint64_t{*bits});
  if (need) need = *need / 8 + (*need % 8 != 0);
  variable.bytes = need;
  if (tensor.is_external) {
    external_data_.Place(tensor.external, need.value_or(0), &variable);
  } else if (tensor.raw) {
    variable.data = tensor.raw;
    if (need && *need != tensor.raw->size) {
      Add("truncated-data", variable.name,
          fmt::format("{} {} takes {} bytes, {} are there", variable.dtype,
                      ToString(variable.shape), *need, tensor.raw->size));
    }
  }
  layout_.variables.push_back(std::move(variable));
}

// Values and indices of a tensor that is mostly zeros; 3: its whole shape.
void OnnxReader::ReadSparse(ProtoFile proto) {
  Tensor values;
  Shape shape = Shape::Of({});
  while (proto.Next()) {
    if (proto.number() == 1) values = ReadTensor(proto.Nested("values"));
    if (proto.number() == 3) ReadDims(proto, &shape);
  }
  values.variable.shape = shape;
  values.raw.reset();
  values.is_external = false;
  if (!values.variable.name.empty()) Settle(std::move(values));
}

void OnnxReader::ReadAttribute(ProtoFile attribute, int depth) {
  while (attribute.Next()) {
    bool is_graph = attribute.number() == 6 || attribute.number() == 11;
    if (is_graph) ReadGraph(attribute.Nested("branch"), depth + 1);
  }
}

// The tensor of a Constant, under the name of what the node puts out; branches
// may use one name each for their own.
void OnnxReader::ReadConstant(ProtoFile attribute, const std::string& output) {
  while (attribute.Next()) {
    if (attribute.number() != 5 || names_.contains(output)) continue;
    Tensor tensor = ReadTensor(attribute.Nested("constant"));
    tensor.variable.name = output;
    tensor.variable.role = Role::kBookkeeping;
    Settle(std::move(tensor));
  }
}

void OnnxReader::ReadNode(ProtoFile node, int depth) {
  std::string output, op;
  for (ProtoFile ahead = node; ahead.Next();) {
    if (ahead.number() == 2) output = ahead.Read(kMaxText);
    if (ahead.number() == 4) op = ahead.Read(kMaxText);
  }
  bool is_constant = op == "Constant" && !output.empty();
  while (node.Next()) {
    if (node.number() != 5) continue;
    ProtoFile attribute = node.Nested("attribute");
    is_constant ? ReadConstant(attribute, output)
                : ReadAttribute(attribute, depth);
  }
}

void OnnxReader::ReadTraining(ProtoFile training) {
  while (training.Next()) {
    if (training.number() != 2) continue;
    ReadGraph(training.Nested("training algorithm"), 1, Role::kOptimizer);
  }
}

void OnnxReader::ReadGraph(ProtoFile graph, int depth, Role role) {
  if (depth > kMaxBranches) throw Corrupt("graph", "nests branches too deep");
  if (depth == 0) {
    size_t count = 0;
    for (ProtoFile ahead = graph; ahead.Next();) count += ahead.number() == 5;
    if (count > kManyTensors && count > source_.size() / kManyTensorsBytes) {
      throw Unsupported("graph", fmt::format("holds {} initializers in {} "
                                             "bytes, more than any model",
                                             count, source_.size()));
    }
    layout_.variables.reserve(count);
  }
  while (graph.Next()) {
    switch (graph.number()) {
      case 1: ReadNode(graph.Nested("node"), depth); break;
      case 5: {
        Tensor tensor = ReadTensor(graph.Nested("initializer"));
        tensor.variable.role = role;
        Settle(std::move(tensor));
        break;
      }
      case 15: ReadSparse(graph.Nested("sparse initializer")); break;
      default: break;
    }
  }
}

Layout OnnxReader::Read() && {
  layout_.source.format = "onnx";
  layout_.source.framework = "onnx";
  std::string producer, version;
  bool has_graph = false;
  for (ProtoFile model(source_.file(), "model"); model.Next();) {
    if (model.number() == 2) producer = Printable(model.Read(kMaxText));
    if (model.number() == 3) version = Printable(model.Read(kMaxText));
    if (model.number() == 20) ReadTraining(model.Nested("training info"));
    if (model.number() != 7) continue;
    has_graph = true;
    ReadGraph(model.Nested("graph"), 0);
  }
  if (!has_graph) throw Corrupt("model", "has no graph");
  layout_.source.writer = producer;
  if (!version.empty()) layout_.source.writer += " " + version;
  return std::move(layout_);
}

// Walks the top of the message without trust and without an error: its fields
// have to be those of a ModelProto, and a graph among them.
Match Sniff(const Source& source) {
  constexpr std::string_view kModelFields = "\x08\x12\x1a\x22\x28\x32\x3a\x42";
  constexpr std::string_view kGraphFields = "\x0a\x12\x2a\x52\x5a\x62\x6a\x72";
  std::string head = source.Peek(0, 2);
  if (head.size() < 2 || head[0] != '\x08' || head[1] <= 0 || head[1] > 64) {
    return Match::kNo;
  }
  uint64_t size = source.size(), at = 0;
  for (int field = 0; field < 256 && at < size; ++field) {
    std::string bytes = source.Peek(at, 12);
    std::string_view tag = std::string_view(bytes).substr(0, 1);
    if (kModelFields.find(tag) == kModelFields.npos) return Match::kNo;
    auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
    uint64_t value = 0;
    const std::byte* end = ReadVarint(begin + 1, begin + bytes.size(), &value);
    if (end == nullptr) return Match::kNo;
    at += static_cast<uint64_t>(end - begin);
    if ((tag[0] & 7) == 0) continue;
    if (tag[0] == '\x3a') {
      std::string first = source.Peek(at, 1);
      bool is_graph = first.empty() || kGraphFields.find(first) != first.npos;
      if (!is_graph) return Match::kNo;
      return value <= size - at ? Match::kYes : Match::kMaybe;
    }
    if (value > size - at) return Match::kNo;
    at += value;
  }
  return Match::kNo;
}

Claim Detect(const Source& source, const ReadOptions&) {
  return {.match = source.is_file() ? Sniff(source) : Match::kNo};
}

Layout Read(const Source& source, const ReadOptions& options) {
  return OnnxReader(source, options).Read();
}

}  // namespace

extern constexpr Format kOnnx = {
    .id = "onnx",
    .summary = "ONNX model, its initializers, external data too",
    .extensions = "*.onnx",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
