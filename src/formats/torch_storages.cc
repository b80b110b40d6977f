#include "formats/torch_storages.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace ckptdiff {
namespace {

double NumberOf(std::string_view dtype, uint64_t bits) {
  if (dtype == "float32") {
    return std::bit_cast<float>(static_cast<uint32_t>(bits));
  }
  if (dtype == "float64") return std::bit_cast<double>(bits);
  if (dtype == "bfloat16") {
    return std::bit_cast<float>(static_cast<uint32_t>(bits << 16));
  }
  if (dtype == "int32") return static_cast<int32_t>(bits);
  return static_cast<double>(static_cast<int64_t>(bits));
}

}  // namespace

std::optional<double> ReadScalar(const TorchTensor& tensor,
                                 const TorchStorages& storages) {
  constexpr std::array<std::string_view, 5> kReadable = {
      "float32", "float64", "bfloat16", "int32", "int64"};
  bool can_read = tensor.storage && tensor.shape.Elements() == 1 &&
                  tensor.bytes.value_or(0) <= 8 &&
                  std::find(kReadable.begin(), kReadable.end(), tensor.dtype) !=
                      kReadable.end();
  if (!can_read) return std::nullopt;
  std::optional<TorchRecord> record = storages.Find(tensor.storage->key);
  bool is_there = record && record->is_plain && record->is_written &&
                  tensor.end <= record->size &&
                  record->offset <= record->file->size() &&
                  tensor.end <= record->file->size() - record->offset;
  if (!is_there) return std::nullopt;
  std::array<std::byte, 8> raw = {};
  size_t size = static_cast<size_t>(*tensor.bytes);
  record->file->ReadAt(record->offset + tensor.offset,
                       std::span(raw).first(size));
  uint64_t bits = 0;
  for (size_t i = size; i > 0; --i) {
    bits = bits << 8 | std::to_integer<uint64_t>(raw[i - 1]);
  }
  return NumberOf(tensor.dtype, bits);
}

}  // namespace ckptdiff
