#include "container/tf_proto.h"

#include <fmt/format.h>

#include <array>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

// By DataType number; 0 is invalid.
constexpr std::array<std::string_view, 34> kNames = {
    "",
    "float32",
    "float64",
    "int32",
    "uint8",
    "int16",
    "int8",
    "string",
    "complex64",
    "int64",
    "bool",
    "qint8",
    "quint8",
    "qint32",
    "bfloat16",
    "qint16",
    "quint16",
    "uint16",
    "complex128",
    "float16",
    "resource",
    "variant",
    "uint32",
    "uint64",
    "float8_e5m2",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e4m3b11fnuz",
    "float8_e5m2fnuz",
    "int4",
    "uint4",
    "int2",
    "uint2",
    "float4_e2m1fn",
};

constexpr uint64_t kReference = 100;

int64_t ReadDim(ProtoMessage dim) {
  int64_t size = 0;
  while (dim.Next()) {
    if (dim.number() == 1) size = dim.Int();
  }
  if (size < Shape::kUnknownDim) {
    dim.Fail(fmt::format("has a dimension of {}", size));
  }
  return size;
}

// TensorFlow's code for signed numbers that orders as they do: the number in
// as few bytes as hold it, big-endian, with its length in the leading bits.
void AppendSigned(int64_t value, std::string* out) {
  uint64_t magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  size_t length = 1;
  while (length < 10 && (magnitude >> (7 * length - 1)) != 0) ++length;
  char bytes[10];
  auto sign = static_cast<char>(value < 0 ? 0xff : 0);
  for (size_t i = 0; i < length; ++i) {
    size_t shift = 8 * (length - 1 - i);
    bytes[i] = shift < 64 ? static_cast<char>(value >> shift) : sign;
  }
  // As many leading ones as the code has bytes.
  constexpr std::array<uint16_t, 11> kHeaders = {0,      0x8000, 0xc000, 0xe000,
                                                 0xf000, 0xf800, 0xfc00, 0xfe00,
                                                 0xff00, 0xff80, 0xffc0};
  bytes[0] = static_cast<char>(bytes[0] ^ (kHeaders[length] >> 8));
  if (length > 8) {
    bytes[1] = static_cast<char>(bytes[1] ^ (kHeaders[length] & 0xff));
  }
  out->append(bytes, length);
}

void AppendUnsigned(uint64_t value, std::string* out) {
  std::string digits;
  for (; value != 0; value >>= 8) {
    digits.insert(digits.begin(), static_cast<char>(value & 0xff));
  }
  *out += static_cast<char>(digits.size());
  *out += digits;
}

}  // namespace

std::optional<std::string_view> TfDTypeName(uint64_t number) {
  if (number > kReference) number -= kReference;
  if (number == 0 || number >= kNames.size()) return std::nullopt;
  return kNames[number];
}

bool AppendTensorShape(ProtoMessage message, std::vector<int64_t>* dims) {
  bool known = true;
  while (message.Next()) {
    if (message.number() == 2) {
      dims->push_back(ReadDim(message.Nested(message.where())));
    } else if (message.number() == 3 && message.Bool()) {
      known = false;
    }
  }
  return known;
}

Shape ReadTensorShape(ProtoMessage message) {
  Shape shape = Shape::Of({});
  if (!AppendTensorShape(message, &shape.dims)) return Shape::Unknown();
  return shape;
}

TensorSlice ReadTensorSlice(ProtoMessage message) {
  TensorSlice slice;
  while (message.Next()) {
    if (message.number() != 1) continue;
    int64_t start = 0, length = -1;
    for (ProtoMessage extent = message.Nested(message.where());
         extent.Next();) {
      if (extent.number() == 1) start = extent.Int();
      if (extent.number() == 2) length = extent.Int();
    }
    slice.start.push_back(start);
    slice.length.push_back(length);
  }
  return slice;
}

std::optional<std::vector<int64_t>> SliceShape(
    const TensorSlice& slice, const std::vector<int64_t>& full) {
  if (slice.start.size() != full.size()) return std::nullopt;
  std::vector<int64_t> dims;
  for (size_t i = 0; i < full.size(); ++i) {
    int64_t start = slice.start[i], length = slice.length[i];
    if (length == -1) {
      if (start != 0) return std::nullopt;
      length = full[i];
    }
    if (start < 0 || length < 0 || start > full[i] ||
        length > full[i] - start) {
      return std::nullopt;
    }
    dims.push_back(length);
  }
  return dims;
}

std::string EncodeSliceKey(std::string_view name, const TensorSlice& slice) {
  std::string key(1, '\0');
  for (char c : name) {
    key += c;
    if (c == '\0') key += '\xff';
    if (c == '\xff') key += '\0';
  }
  key.append("\0\1", 2);
  AppendUnsigned(slice.start.size(), &key);
  for (size_t i = 0; i < slice.start.size(); ++i) {
    AppendSigned(slice.start[i], &key);
    AppendSigned(slice.length[i], &key);
  }
  return key;
}

std::vector<std::string_view> ReadStringTensor(ProtoMessage tensor) {
  std::vector<std::string_view> strings;
  while (tensor.Next()) {
    if (tensor.number() == 8) strings.push_back(tensor.Text());
  }
  return strings;
}

}  // namespace ckptdiff
