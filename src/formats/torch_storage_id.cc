#include "formats/torch_storage_id.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "ckptdiff/dtype.h"

namespace ckptdiff {
namespace {

struct StorageClass {
  std::string_view name;
  std::string_view dtype;
};
constexpr std::array kStorageClasses = {
    StorageClass{"torch.FloatStorage", "float32"},
    StorageClass{"torch.DoubleStorage", "float64"},
    StorageClass{"torch.HalfStorage", "float16"},
    StorageClass{"torch.BFloat16Storage", "bfloat16"},
    StorageClass{"torch.LongStorage", "int64"},
    StorageClass{"torch.IntStorage", "int32"},
    StorageClass{"torch.ShortStorage", "int16"},
    StorageClass{"torch.CharStorage", "int8"},
    StorageClass{"torch.ByteStorage", "uint8"},
    StorageClass{"torch.BoolStorage", "bool"},
    StorageClass{"torch.ComplexFloatStorage", "complex64"},
    StorageClass{"torch.ComplexDoubleStorage", "complex128"},
    StorageClass{"torch.QInt8Storage", "qint8"},
    StorageClass{"torch.QUInt8Storage", "quint8"},
    StorageClass{"torch.QInt32Storage", "qint32"},
    StorageClass{"torch.QUInt4x2Storage", "uint8"},  // packed
    StorageClass{"torch.QUInt2x4Storage", "uint8"},
    StorageClass{"torch.storage.UntypedStorage", ""},
};

}  // namespace

std::optional<uint64_t> ItemBytes(std::string_view dtype) {
  std::optional<uint32_t> bits = DTypeBits(dtype);
  if (!bits) return std::nullopt;
  return std::max<uint64_t>(1, *bits / 8);
}

std::optional<TorchStorage> ReadStorage(const PickleValue& value) {
  if (!value.is(PickleValue::Kind::kPersistentId)) return std::nullopt;
  const PickleValue& id = *value.items[0];
  const PickleValue* tag = Item(id, 0);
  const PickleValue* key = Item(id, 2);
  std::optional<int64_t> count = AsInt(Item(id, 4));
  bool is_storage = tag != nullptr && tag->text == "storage" &&
                    key != nullptr && key->is_text() && count && *count >= 0;
  if (!is_storage) return std::nullopt;
  std::string_view class_name = GlobalName(Item(id, 1));
  for (const StorageClass& one : kStorageClasses) {
    if (one.name != class_name) continue;
    TorchStorage storage{.key = key->text, .dtype = one.dtype};
    storage.item_bytes = ItemBytes(one.dtype).value_or(1);
    std::optional<uint64_t> bytes =
        CheckedMul(static_cast<uint64_t>(*count), storage.item_bytes);
    if (!bytes) return std::nullopt;
    storage.bytes = *bytes;
    const PickleValue* view = Item(id, 5);  // (key, offset, size)
    int64_t offset = view == nullptr ? 0 : AsInt(Item(*view, 1)).value_or(0);
    std::optional<uint64_t> start =
        CheckedMul(static_cast<uint64_t>(std::max<int64_t>(0, offset)),
                   storage.item_bytes);
    storage.view_offset = start.value_or(UINT64_MAX);
    return storage;
  }
  return std::nullopt;
}

}  // namespace ckptdiff
