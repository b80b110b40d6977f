// One function of torch._utils after the other; one file, as there.

#include "formats/torch_tensor.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/name_parts.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "formats/torch_numpy.h"

namespace ckptdiff {
namespace {

using Kind = PickleValue::Kind;

// Wrappers (parameter, subclass) around wrappers; honest files have three.
constexpr int kMaxWrappers = 8;
// One long size could be shared by every tensor of a file. NumPy's limit.
constexpr size_t kMaxRank = 64;

// A typed storage around an untyped one is a call with the id as argument.
const PickleValue& Unwrap(const PickleValue& storage) {
  if (!storage.is_call() || storage.call->args == nullptr) return storage;
  const PickleValue* inner = Item(*storage.call->args, 0);
  return inner == nullptr ? storage : *inner;
}

// An attribute of an object's state: a dict, or (dict, slots) of a class with
// __slots__, where either may be None.
const PickleValue* FindInState(const PickleValue* state,
                               std::string_view name) {
  if (state == nullptr) return nullptr;
  if (state->is_mapping) return Find(*state, name);
  for (size_t i = 0; i < 2; ++i) {
    const PickleValue* part = Item(*state, i);
    if (part == nullptr || !part->is_mapping) continue;
    if (const PickleValue* found = Find(*part, name)) return found;
  }
  return nullptr;
}

// Whether a call of this function makes a tensor.
bool MakesTensor(std::string_view function) {
  return function.starts_with("torch._utils._rebuild_") ||
         function.starts_with("torch._tensor._rebuild_") ||
         function == "torch.nn.parameter.Parameter" ||
         function == "torch.nn.parameter.Buffer" ||
         function == "torch.nn.parameter.UninitializedParameter" ||
         function == "torch.nn.parameter.UninitializedBuffer";
}

// Of all elements, by shape and type; nullopt where one is not known.
std::optional<uint64_t> WholeBytes(const TorchTensor& tensor) {
  const std::optional<uint64_t> count = tensor.shape.Elements();
  const std::optional<uint64_t> item = ItemBytes(tensor.dtype);
  return count && item ? CheckedMul(*count, *item) : std::nullopt;
}

// Reads one tensor; the arguments of each function are those of torch._utils.
class TensorReader {
 public:
  explicit TensorReader(std::string_view where) : where_(where) {}

  std::optional<TorchTensor> Read(const PickleValue& value, int depth);

 private:
  [[noreturn]] void Fail(const std::string& what) const {
    throw Corrupt(Printable(where_), what);
  }
  [[noreturn]] void FailStorage(const PickleValue& storage) const;
  const PickleValue& Argument(const PickleValue& args, size_t index) const;
  TorchTensor ReadStrided(const PickleValue& args, std::string dtype) const;
  std::optional<TorchTensor> ReadCall(std::string_view function,
                                      const PickleValue& args,
                                      const PickleValue* state, int depth);
  TorchTensor ReadParameter(const PickleValue& args, int depth);
  TorchTensor ReadSparse(const PickleValue& args, int depth);
  TorchTensor ReadNested(const PickleValue& args, int depth);
  TorchTensor ReadJagged(const PickleValue& parts, int depth);
  TorchTensor ReadMeta(const PickleValue& args) const;
  TorchTensor ReadWrapper(const PickleValue& args, const PickleValue* state,
                          int depth);
  Shape ReadShape(const PickleValue* value) const;
  void Measure(TorchTensor* tensor) const;

  std::string_view where_;
};

const PickleValue& TensorReader::Argument(const PickleValue& args,
                                          size_t index) const {
  const PickleValue* argument = Item(args, index);
  if (argument == nullptr) {
    Fail(fmt::format("a tensor with {} arguments", args.items.size()));
  }
  return *argument;
}

void TensorReader::FailStorage(const PickleValue& storage) const {
  if (storage.is(Kind::kPersistentId) && storage.items[0]->is_text()) {
    throw Unsupported(Printable(where_),
                      "a storage named by a text: written with pickle protocol "
                      "0, which torch.load cannot read either",
                      "save it again with pickle_protocol=2");
  }
  Fail("a tensor over a storage of an unknown kind");
}

Shape TensorReader::ReadShape(const PickleValue* value) const {
  std::optional<std::vector<int64_t>> dims = ReadDims(value);
  if (!dims) Fail("a tensor whose size is no row of numbers");
  for (int64_t dim : *dims) {
    if (dim < 0) Fail(fmt::format("a tensor with a dimension of {}", dim));
  }
  return Shape::Of(std::move(*dims));
}

// Fills in bytes, extent and contiguity. A dimension of one may have any
// stride, one of zero stands for no element at all.
void TensorReader::Measure(TorchTensor* tensor) const {
  std::optional<uint64_t> count = tensor->shape.Elements();
  uint64_t item = ItemBytes(tensor->dtype).value_or(1);
  std::optional<uint64_t> bytes = count ? CheckedMul(*count, item) : count;
  if (!bytes) Fail("a tensor of more than 2^64 bytes");
  if (DTypeBits(tensor->dtype)) tensor->bytes = bytes;
  const std::vector<int64_t>& dims = tensor->shape.dims;
  if (tensor->strides.size() != dims.size()) {
    Fail(fmt::format("a tensor of {} dimensions with {} strides", dims.size(),
                     tensor->strides.size()));
  }
  tensor->is_contiguous = true;
  if (*count == 0) return;
  uint64_t last = 0;
  uint64_t expected = 1;
  for (size_t i = dims.size(); i > 0; --i) {
    uint64_t dim = static_cast<uint64_t>(dims[i - 1]);
    if (tensor->strides[i - 1] < 0) Fail("a tensor with a negative stride");
    uint64_t stride = static_cast<uint64_t>(tensor->strides[i - 1]);
    if (dim == 1) continue;
    if (stride != expected) tensor->is_contiguous = false;
    expected *= dim;  // no overflow: a factor of Elements()
    std::optional<uint64_t> reach = CheckedMul(dim - 1, stride);
    std::optional<uint64_t> sum = reach ? CheckedAdd(last, *reach) : reach;
    if (!sum) Fail("a tensor that reaches beyond 2^64");
    last = *sum;
  }
  std::optional<uint64_t> extent = CheckedMul(last + 1, item);
  std::optional<uint64_t> end =
      extent ? CheckedAdd(tensor->offset, *extent) : extent;
  if (!end || last == UINT64_MAX) Fail("a tensor that reaches beyond 2^64");
  tensor->end = *end;
}

// (storage, offset, size, stride, …); offset and strides count elements.
TorchTensor TensorReader::ReadStrided(const PickleValue& args,
                                      std::string dtype) const {
  TorchTensor tensor;
  tensor.storage = ReadStorage(Unwrap(Argument(args, 0)));
  if (!tensor.storage) FailStorage(Unwrap(Argument(args, 0)));
  tensor.dtype =
      dtype.empty() ? std::string(tensor.storage->dtype) : std::move(dtype);
  tensor.shape = ReadShape(&Argument(args, 2));
  std::optional<std::vector<int64_t>> strides = ReadDims(&Argument(args, 3));
  if (!strides) Fail("a tensor whose strides are no row of numbers");
  tensor.strides = std::move(*strides);
  std::optional<int64_t> offset = AsInt(&Argument(args, 1));
  if (!offset || *offset < 0) Fail("a tensor whose offset is no number");
  std::optional<uint64_t> bytes = CheckedMul(
      static_cast<uint64_t>(*offset), ItemBytes(tensor.dtype).value_or(1));
  if (bytes) bytes = CheckedAdd(*bytes, tensor.storage->view_offset);
  if (!bytes) Fail("a tensor that starts beyond 2^64");
  tensor.offset = *bytes;
  Measure(&tensor);
  return tensor;
}

TorchTensor TensorReader::ReadParameter(const PickleValue& args, int depth) {
  std::optional<TorchTensor> tensor = Read(Argument(args, 0), depth + 1);
  if (!tensor) Fail("a parameter that holds no tensor");
  tensor->is_parameter = true;
  if (const PickleValue* grad = Item(args, 1)) {
    if (grad->is(Kind::kBool)) tensor->requires_grad = grad->integer != 0;
  }
  return *tensor;
}

// (layout, (indices, values, size[, …])), compressed ones with two indices.
TorchTensor TensorReader::ReadSparse(const PickleValue& args, int depth) {
  const PickleValue& parts = Argument(args, 1);
  TorchTensor tensor;
  uint64_t bytes = 0;
  for (const PickleValue* part : parts.items) {
    if (std::optional<TorchTensor> one = Read(*part, depth + 1)) {
      tensor.dtype = one->dtype;  // of the last: the values
      bytes += one->bytes.value_or(0);
    } else if (ReadDims(part)) {
      tensor.shape = ReadShape(part);
    }
  }
  if (!tensor.shape.known) Fail("a sparse tensor without a size");
  tensor.bytes = bytes;
  return tensor;
}

// (all values in a row, sizes, strides, offsets): no one shape.
TorchTensor TensorReader::ReadNested(const PickleValue& args, int depth) {
  std::optional<TorchTensor> values = Read(Argument(args, 0), depth + 1);
  TorchTensor tensor;
  if (!values) return tensor;
  tensor.dtype = values->dtype;
  tensor.bytes = values->bytes;
  return tensor;
}

// A nested tensor of the jagged layout: the values of all its rows one behind
// the other, cut at the offsets. One dimension differs from row to row.
TorchTensor TensorReader::ReadJagged(const PickleValue& parts, int depth) {
  const PickleValue* values = Find(parts, "values");
  const PickleValue* offsets = Find(parts, "offsets");
  if (values == nullptr || offsets == nullptr) {
    Fail("a jagged tensor without values or offsets");
  }
  TorchTensor tensor;
  std::optional<TorchTensor> whole = Read(*values, depth + 1);
  std::optional<TorchTensor> cuts = Read(*offsets, depth + 1);
  if (!whole || !cuts) Fail("a jagged tensor whose values are no tensor");
  tensor.dtype = whole->dtype;
  tensor.bytes = whole->bytes;
  const int64_t ragged = AsInt(Find(parts, "_ragged_idx")).value_or(1);
  const std::vector<int64_t>& dims = whole->shape.dims;
  bool is_cut = ragged >= 1 && static_cast<size_t>(ragged) <= dims.size() &&
                cuts->shape.dims.size() == 1 && cuts->shape.dims[0] > 0;
  if (!is_cut) return tensor;
  tensor.shape = Shape::Of({cuts->shape.dims[0] - 1});
  tensor.shape.dims.insert(tensor.shape.dims.end(), dims.begin(), dims.end());
  tensor.shape.dims[static_cast<size_t>(ragged)] = Shape::kUnknownDim;
  return tensor;
}

// (dtype, size, …): a shape without data.
TorchTensor TensorReader::ReadMeta(const PickleValue& args) const {
  TorchTensor tensor;
  tensor.dtype = TorchDType(GlobalName(&Argument(args, 0)));
  tensor.shape = ReadShape(&Argument(args, 1));
  tensor.bytes = WholeBytes(tensor);
  return tensor;
}

// A subclass: DTensor has its whole size here, its own part in the state.
TorchTensor TensorReader::ReadWrapper(const PickleValue& args,
                                      const PickleValue* state, int depth) {
  TorchTensor tensor;
  tensor.dtype = TorchDType(GlobalName(&Argument(args, 1)));
  tensor.shape = ReadShape(&Argument(args, 2));
  const PickleValue* local = FindInState(state, "_local_tensor");
  std::optional<TorchTensor> part;
  if (local != nullptr) part = Read(*local, depth + 1);
  const PickleValue* is_parameter = FindInState(state, "_is_param");
  if (is_parameter != nullptr && is_parameter->integer != 0) {
    tensor.is_parameter = true;
    const PickleValue* grad = Item(args, 7);
    if (grad != nullptr && grad->is(Kind::kBool)) {
      tensor.requires_grad = grad->integer != 0;
    }
  }
  tensor.bytes = WholeBytes(tensor);
  if (part && part->shape == tensor.shape) {  // not split
    part->is_parameter = tensor.is_parameter;
    part->requires_grad = tensor.requires_grad;
    return *part;
  }
  if (part) tensor.local_shape = part->shape;
  return tensor;
}

std::optional<TorchTensor> TensorReader::ReadCall(std::string_view function,
                                                  const PickleValue& args,
                                                  const PickleValue* state,
                                                  int depth) {
  std::string_view name = LastPart(function, ".");
  if (name == "_rebuild_tensor" || name == "_rebuild_tensor_v2") {
    return ReadStrided(args, {});
  }
  if (name == "_rebuild_tensor_v3") {
    return ReadStrided(args, TorchDType(GlobalName(&Argument(args, 6))));
  }
  if (name == "_rebuild_qtensor") return ReadStrided(args, {});
  if (name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state") {
    return ReadParameter(args, depth);
  }
  if (name == "Parameter" || name == "Buffer") {
    return ReadParameter(args, depth);
  }
  if (name == "_rebuild_sparse_tensor") return ReadSparse(args, depth);
  if (name == "_rebuild_nested_tensor") return ReadNested(args, depth);
  if (name == "_rebuild_njt") return ReadJagged(Argument(args, 0), depth);
  if (name == "_rebuild_meta_tensor_no_storage") return ReadMeta(args);
  if (name == "_rebuild_device_tensor_from_numpy" ||
      name == "_rebuild_device_tensor_from_cpu_tensor" ||
      name == "_rebuild_xla_tensor") {
    return Read(Argument(args, 0), depth + 1);
  }
  if (name == "_rebuild_wrapper_subclass") {
    return ReadWrapper(args, state, depth);
  }
  if (name == "_rebuild_from_type_v2" || name == "_rebuild_from_type") {
    // (function, class, arguments, state) of what is really rebuilt.
    const PickleValue* inner_state = Item(args, 3);
    if (!Argument(args, 2).is_tuple()) Fail("a tensor class without arguments");
    return ReadCall(GlobalName(&Argument(args, 0)), Argument(args, 2),
                    inner_state, depth + 1);
  }
  if (name == "UninitializedParameter" || name == "UninitializedBuffer") {
    TorchTensor tensor;
    tensor.is_parameter = name == "UninitializedParameter";
    return tensor;
  }
  return std::nullopt;
}

std::optional<TorchTensor> TensorReader::Read(const PickleValue& value,
                                              int depth) {
  if (depth > kMaxWrappers) Fail("a tensor wrapped more than 8 times");
  if (!value.is_call()) return std::nullopt;
  std::string_view function = CalledName(value);
  if (!MakesTensor(function)) return ReadNumpyArray(value);
  if (value.call->args == nullptr || !value.call->args->is_tuple()) {
    Fail("a tensor without arguments");
  }
  return ReadCall(function, *value.call->args, value.call->state, depth);
}

}  // namespace

std::optional<TorchTensor> ReadTensor(const PickleValue& value,
                                      std::string_view where) {
  return TensorReader(where).Read(value, 0);
}

std::string TorchDType(std::string_view global) {
  constexpr std::string_view kModule = "torch.";
  if (!global.starts_with(kModule)) return {};
  std::string_view name = global.substr(kModule.size());
  if (name == "float4_e2m1fn_x2") return "uint8";  // two in a byte
  return IsKnownDType(name) ? std::string(name) : std::string();
}

std::optional<std::vector<int64_t>> ReadDims(const PickleValue* value) {
  if (value == nullptr) return std::nullopt;
  if (CalledName(*value) == "torch.Size" && value->call->args != nullptr) {
    value = Item(*value->call->args, 0);
    if (value == nullptr) return std::vector<int64_t>();
  }
  if (!value->is_sequence() || value->items.size() > kMaxRank) {
    return std::nullopt;
  }
  std::vector<int64_t> dims;
  dims.reserve(value->items.size());
  for (const PickleValue* item : value->items) {
    std::optional<int64_t> dim = AsInt(item);
    if (!dim) return std::nullopt;
    dims.push_back(*dim);
  }
  return dims;
}

}  // namespace ckptdiff
