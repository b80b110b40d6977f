#include "formats/torch_numpy.h"

#include <array>

#include "base/bytes.h"
#include "base/name_parts.h"
#include "ckptdiff/dtype.h"

namespace ckptdiff {
namespace {

struct NumpyType {
  std::string_view code;  // without the byte order
  std::string_view dtype;
};
constexpr std::array kTypes = {
    NumpyType{"f2", "float16"},   NumpyType{"f4", "float32"},
    NumpyType{"f8", "float64"},   NumpyType{"i1", "int8"},
    NumpyType{"i2", "int16"},     NumpyType{"i4", "int32"},
    NumpyType{"i8", "int64"},     NumpyType{"u1", "uint8"},
    NumpyType{"u2", "uint16"},    NumpyType{"u4", "uint32"},
    NumpyType{"u8", "uint64"},    NumpyType{"b1", "bool"},
    NumpyType{"c8", "complex64"}, NumpyType{"c16", "complex128"},
    NumpyType{"O8", "object"},    NumpyType{"O", "object"},
};

// numpy.dtype('f4', False, True), or a class of ml_dtypes.
std::string ReadDType(const PickleValue* value) {
  if (value == nullptr) return {};
  if (CalledName(*value) != "numpy.dtype") return {};
  if (value->call->args == nullptr) return {};
  const PickleValue* code = Item(*value->call->args, 0);
  if (code == nullptr) return {};
  std::string_view global = GlobalName(code);
  if (global.starts_with("ml_dtypes.")) {
    std::string_view name = LastPart(global, ".");
    return IsKnownDType(name) ? std::string(name) : std::string();
  }
  for (const NumpyType& type : kTypes) {
    if (type.code == code->text) return std::string(type.dtype);
  }
  bool is_text = code->text.starts_with('U') || code->text.starts_with('S');
  return is_text ? "string" : "";
}

void SetShape(const PickleValue* value, TorchTensor* tensor) {
  std::optional<std::vector<int64_t>> dims = ReadDims(value);
  if (!dims) return;
  for (int64_t dim : *dims) {
    if (dim < 0) return;
  }
  tensor->shape = Shape::Of(std::move(*dims));
}

}  // namespace

std::optional<TorchTensor> ReadNumpyArray(const PickleValue& value) {
  std::string_view function = CalledName(value);
  if (!function.starts_with("numpy.")) return std::nullopt;
  TorchTensor tensor;
  tensor.is_numpy = true;
  if (function.ends_with(".multiarray._reconstruct")) {
    // State: (version, shape, dtype, is_fortran, bytes).
    if (value.call->state == nullptr) return std::nullopt;
    SetShape(Item(*value.call->state, 1), &tensor);
    tensor.dtype = ReadDType(Item(*value.call->state, 2));
  } else if (function.ends_with(".numeric._frombuffer")) {
    if (value.call->args == nullptr) return std::nullopt;
    tensor.dtype = ReadDType(Item(*value.call->args, 1));
    SetShape(Item(*value.call->args, 2), &tensor);
  } else {
    return std::nullopt;
  }
  std::optional<uint64_t> count = tensor.shape.Elements();
  std::optional<uint32_t> bits = DTypeBits(tensor.dtype);
  if (count && bits) tensor.bytes = CheckedMul(*count, (*bits + 7) / 8);
  return tensor;
}

}  // namespace ckptdiff
