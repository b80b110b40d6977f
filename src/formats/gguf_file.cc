#include "formats/gguf_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "io/file_cursor.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr uint64_t kMaxText = 65536;
constexpr int kMaxArrayDepth = 8;
constexpr uint32_t kMaxRank = 8;  // ggml itself stops at 4
constexpr uint64_t kMinTensorBytes = 4 + 4 + 4 + 8;
constexpr uint64_t kMinPairBytes = 4 + 4 + 1;

struct TensorType {
  uint32_t id;
  std::string_view name;
  uint32_t elements;  // in a block
  uint32_t bytes;     // of a block
};

constexpr TensorType kTypes[] = {
    {0, "float32", 1, 4},     {1, "float16", 1, 2},
    {2, "q4_0", 32, 18},      {3, "q4_1", 32, 20},
    {6, "q5_0", 32, 22},      {7, "q5_1", 32, 24},
    {8, "q8_0", 32, 34},      {9, "q8_1", 32, 36},
    {10, "q2_k", 256, 84},    {11, "q3_k", 256, 110},
    {12, "q4_k", 256, 144},   {13, "q5_k", 256, 176},
    {14, "q6_k", 256, 210},   {15, "q8_k", 256, 292},
    {16, "iq2_xxs", 256, 66}, {17, "iq2_xs", 256, 74},
    {18, "iq3_xxs", 256, 98}, {19, "iq1_s", 256, 50},
    {20, "iq4_nl", 32, 18},   {21, "iq3_s", 256, 110},
    {22, "iq2_s", 256, 82},   {23, "iq4_xs", 256, 136},
    {24, "int8", 1, 1},       {25, "int16", 1, 2},
    {26, "int32", 1, 4},      {27, "int64", 1, 8},
    {28, "float64", 1, 8},    {29, "iq1_m", 256, 56},
    {30, "bfloat16", 1, 2},   {34, "tq1_0", 256, 54},
    {35, "tq2_0", 256, 66},   {39, "mxfp4", 32, 17},
    {40, "nvfp4", 64, 36},    {41, "q1_0", 128, 18},
    {42, "q2_0", 64, 18},
};

const TensorType* FindType(uint32_t id) {
  for (const TensorType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

enum PairType : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64,
};

// Bytes of a value; 0: a string or an array.
uint64_t ValueSize(uint32_t type) {
  constexpr std::array<uint64_t, 13> kSizes = {1, 1, 2, 2, 4, 4, 4,
                                               1, 0, 0, 8, 8, 8};
  return type < kSizes.size() ? kSizes[type] : 0;
}

class GgufReader {
 public:
  explicit GgufReader(const Source& source)
      : cursor_(source.file()), file_size_(source.size()) {}

  GgufFile Read() &&;

 private:
  void ReadHead();
  void ReadPair();
  uint64_t ReadValue(uint32_t type);
  void SkipArray(int depth);
  void ReadTensor();
  void Place();
  uint64_t Length(std::string_view what) {
    return version_ == 1 ? cursor_.U32(what) : cursor_.U64(what);
  }
  std::string Name(std::string_view what) {
    return cursor_.Text(Length(what), kMaxText, what);
  }
  void Add(std::string_view rule, std::string where, std::string message) {
    layout_.issues.push_back(
        {std::string(rule), std::move(where), std::move(message)});
  }

  FileCursor cursor_;
  uint64_t file_size_;
  uint32_t version_ = 0;
  bool is_big_endian_ = false;
  uint64_t tensors_ = 0;
  uint64_t pairs_ = 0;
  uint64_t alignment_ = 32;
  GgufFile content_;
  Layout& layout_ = content_.layout;
  std::vector<uint64_t> offsets_;  // of layout_.variables, in the data
};

void GgufReader::ReadHead() {
  cursor_.Skip(kMagic.size(), "magic");
  version_ = cursor_.U32("version");
  if (version_ != 0 && (version_ & 0xffff) == 0) {
    is_big_endian_ = true;
    cursor_.set_big_endian(true);
    version_ >>= 24;
  }
  if (version_ < 1 || version_ > 3) {
    throw Unsupported("header", fmt::format("is GGUF version {}, read are 1 "
                                            "to 3",
                                            version_));
  }
  tensors_ = Length("tensor count");
  pairs_ = Length("pair count");
  if (pairs_ > cursor_.remaining() / kMinPairBytes) {
    cursor_.Fail(fmt::format("{} pairs do not fit", pairs_));
  }
  if (tensors_ > cursor_.remaining() / kMinTensorBytes) {
    cursor_.Fail(fmt::format("{} tensors do not fit", tensors_));
  }
}

void GgufReader::SkipArray(int depth) {
  if (depth > kMaxArrayDepth) cursor_.Fail("nests arrays too deep");
  uint32_t type = cursor_.U32("element type");
  uint64_t count = Length("element count");
  if (uint64_t size = ValueSize(type)) {
    std::optional<uint64_t> bytes = CheckedMul(count, size);
    if (!bytes) cursor_.Fail(fmt::format("{} elements do not fit", count));
    cursor_.Skip(*bytes, "array");
    return;
  }
  if (type != kString && type != kArray) {
    cursor_.Fail(fmt::format("has a value of type {}, which is unknown", type));
  }
  if (count > cursor_.remaining() / 4) {
    cursor_.Fail(fmt::format("{} elements do not fit", count));
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (type == kArray) {
      SkipArray(depth + 1);
    } else {
      cursor_.Skip(Length("text"), "text");
    }
  }
}

// The value of an unsigned number; 0 for anything else, which is passed over.
uint64_t GgufReader::ReadValue(uint32_t type) {
  switch (type) {
    case kU8: return cursor_.U8("value");
    case kU16: return cursor_.U16("value");
    case kU32:
    case kI32: return cursor_.U32("value");
    case kU64: return cursor_.U64("value");
    case kString: cursor_.Skip(Length("text"), "text"); return 0;
    case kArray: SkipArray(0); return 0;
    default: break;
  }
  uint64_t size = ValueSize(type);
  if (size == 0) {
    cursor_.Fail(fmt::format("has a value of type {}, which is unknown", type));
  }
  cursor_.Skip(size, "value");
  return 0;
}

void GgufReader::ReadPair() {
  std::string key = Name("key");
  uint32_t type = cursor_.U32("value type");
  if (key == "general.architecture" && type == kString) {
    layout_.source.writer = "GGUF " + Printable(Name("general.architecture"));
    return;
  }
  uint64_t value = ReadValue(type);
  if (key == "general.alignment") {
    alignment_ = value;
    if (value == 0 || (value & (value - 1)) != 0) {
      cursor_.Fail(
          fmt::format("general.alignment is {}, no power of two", value));
    }
  }
  if (key == "split.count") content_.splits = value;
  if (key == "split.tensors.count") content_.all_tensors = value;
}

void GgufReader::ReadTensor() {
  Variable variable;
  variable.name = Name("tensor name");
  variable.key = variable.name;
  uint32_t rank = cursor_.U32("rank");
  if (rank > kMaxRank) {
    cursor_.Fail(fmt::format("tensor \"{}\" has rank {}",
                             Printable(variable.name), rank));
  }
  variable.shape = Shape::Of({});
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t dim = Length("dimension");
    if (dim > INT64_MAX) cursor_.Fail("has a dimension beyond 2^63");
    variable.shape.dims.push_back(static_cast<int64_t>(dim));
  }
  uint32_t id = cursor_.U32("tensor type");
  offsets_.push_back(cursor_.U64("offset"));
  std::optional<uint64_t> elements = variable.shape.Elements();
  if (!elements) {
    cursor_.Fail(fmt::format("tensor \"{}\" has more elements than 2^64",
                             Printable(variable.name)));
  }
  if (const TensorType* type = FindType(id)) {
    variable.dtype = type->name;
    uint64_t row =
        rank == 0 ? 1 : static_cast<uint64_t>(variable.shape.dims[0]);
    if (row % type->elements != 0) {
      cursor_.Fail(fmt::format(
          "tensor \"{}\" has rows of {} values, {} has "
          "blocks of {}",
          Printable(variable.name), row, type->name, type->elements));
    }
    variable.bytes = CheckedMul(*elements / type->elements, type->bytes);
    if (!variable.bytes) cursor_.Fail("has a tensor of more than 2^64 bytes");
  }
  std::reverse(variable.shape.dims.begin(), variable.shape.dims.end());
  layout_.variables.push_back(std::move(variable));
}

// Where the data of each tensor lie, and whether they lie as ggml demands.
void GgufReader::Place() {
  auto round_up = [this](uint64_t offset) {
    return (offset + alignment_ - 1) & ~(alignment_ - 1);
  };
  uint64_t start = round_up(cursor_.position());
  uint64_t next = 0, last_end = start, cut = 0;
  for (size_t i = 0; i < layout_.variables.size(); ++i) {
    Variable& variable = layout_.variables[i];
    if (!variable.bytes) continue;
    uint64_t begin = offsets_[i];
    std::optional<uint64_t> end = CheckedAdd(begin, *variable.bytes);
    if (!end || *end > UINT64_MAX / 4 || alignment_ > UINT64_MAX / 4) {
      throw Corrupt("tensor " + variable.name,
                    fmt::format("its data begin at {}", begin));
    }
    if (begin < next) {
      Add("overlapping-tensors", variable.name,
          fmt::format("its data begin at {}, those in front of it need {}",
                      begin, next));
    } else if (begin > next) {
      Add("unwritten-data", variable.name,
          fmt::format("{} bytes in front of its data belong to no tensor: "
                      "ggml refuses the file",
                      begin - next));
    }
    next = round_up(*end);
    last_end = std::max(last_end, start + *end);
    if (start + *end > file_size_) ++cut;
    if (!is_big_endian_) {
      variable.data = ByteRange{{}, start + begin, *variable.bytes};
    }
  }
  if (cut > 0) {
    Add("truncated-data", {},
        fmt::format("{} bytes are gone: the data of {} should end at {}, the "
                    "file has {} bytes",
                    last_end - file_size_, Count(cut, "tensor"), last_end,
                    file_size_));
  }
}

GgufFile GgufReader::Read() && {
  layout_.source.format = "gguf";
  layout_.source.framework = "ggml";
  ReadHead();
  for (uint64_t i = 0; i < pairs_; ++i) ReadPair();
  layout_.variables.reserve(static_cast<size_t>(tensors_));
  offsets_.reserve(static_cast<size_t>(tensors_));
  for (uint64_t i = 0; i < tensors_; ++i) ReadTensor();
  Place();
  return std::move(content_);
}

}  // namespace

bool IsGguf(const Source& source) {
  return source.Peek(0, kMagic.size()) == kMagic;
}

GgufFile ReadGguf(const Source& source) { return GgufReader(source).Read(); }

}  // namespace ckptdiff
