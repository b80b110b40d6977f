#include "ckptdiff/layout.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/bytes.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 6> kRoles = {{
    {Role::kWeight, "weight"},
    {Role::kSlot, "slot"},
    {Role::kOptimizer, "optimizer"},
    {Role::kStep, "step"},
    {Role::kAverage, "average"},
    {Role::kBookkeeping, "bookkeeping"},
}};

}  // namespace

std::optional<uint64_t> Shape::Elements() const {
  if (!known) return std::nullopt;
  uint64_t product = 1;
  bool is_empty = false;
  for (int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    if (dim == 0) is_empty = true;
  }
  if (is_empty) return 0;
  for (int64_t dim : dims) {
    std::optional<uint64_t> next =
        CheckedMul(product, static_cast<uint64_t>(dim));
    if (!next) return std::nullopt;
    product = *next;
  }
  return product;
}

bool Shape::Agrees(const Shape& other) const {
  if (!known || !other.known) return true;
  if (dims.size() != other.dims.size()) return false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0 || other.dims[i] < 0) continue;
    if (dims[i] != other.dims[i]) return false;
  }
  return true;
}

std::string ToString(const Shape& shape) {
  if (!shape.known) return "?";
  std::string text = "[";
  for (size_t i = 0; i < shape.dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape.dims[i] < 0 ? "?" : std::to_string(shape.dims[i]);
  }
  return text + "]";
}

std::string_view ToString(Role role) {
  for (const auto& [value, name] : kRoles) {
    if (value == role) return name;
  }
  return "";
}

std::optional<Role> RoleFromString(std::string_view text) {
  for (const auto& [value, name] : kRoles) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view ToString(AddressedBy by) {
  switch (by) {
    case AddressedBy::kName: return "name";
    case AddressedBy::kKey: return "key";
    case AddressedBy::kOrder: return "order";
  }
  return "";
}

std::optional<AddressedBy> AddressedByFromString(std::string_view text) {
  for (AddressedBy by :
       {AddressedBy::kName, AddressedBy::kKey, AddressedBy::kOrder}) {
    if (ToString(by) == text) return by;
  }
  return std::nullopt;
}

std::string_view ToString(Checksum::Kind kind) {
  switch (kind) {
    case Checksum::Kind::kMaskedCrc32c: return "masked-crc32c";
    case Checksum::Kind::kCrc32: return "crc32";
  }
  return "";
}

std::optional<Checksum::Kind> ChecksumKindFromString(std::string_view text) {
  for (auto kind : {Checksum::Kind::kMaskedCrc32c, Checksum::Kind::kCrc32}) {
    if (ToString(kind) == text) return kind;
  }
  return std::nullopt;
}

std::string SlotLabel(const Variable& variable) {
  if (!variable.slot || !variable.slot->owner) return {};
  const Slot& slot = *variable.slot;
  if (slot.optimizer.empty())
    return fmt::format("{}/{}", *slot.owner, slot.slot);
  return fmt::format("{}/{}/{}", *slot.owner, slot.optimizer, slot.slot);
}

}  // namespace ckptdiff
