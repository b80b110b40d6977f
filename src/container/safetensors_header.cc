#include "container/safetensors_header.h"

#include <fmt/format.h>

#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

struct DTypeName {
  std::string_view stored;
  std::string_view name;
};

constexpr DTypeName kDTypes[] = {
    {"F32", "float32"},
    {"BF16", "bfloat16"},
    {"F16", "float16"},
    {"I64", "int64"},
    {"U8", "uint8"},
    {"I8", "int8"},
    {"BOOL", "bool"},
    {"F64", "float64"},
    {"I32", "int32"},
    {"I16", "int16"},
    {"U16", "uint16"},
    {"U32", "uint32"},
    {"U64", "uint64"},
    {"C64", "complex64"},
    {"F8_E4M3", "float8_e4m3fn"},
    {"F8_E5M2", "float8_e5m2"},
    {"F8_E8M0", "float8_e8m0fnu"},
    {"F8_E4M3FNUZ", "float8_e4m3fnuz"},
    {"F8_E5M2FNUZ", "float8_e5m2fnuz"},
    {"F6_E2M3", "float6_e2m3fn"},
    {"F6_E3M2", "float6_e3m2fn"},
    {"F4", "float4_e2m1fn"},
};

}  // namespace

std::string_view SafetensorsDType(std::string_view stored) {
  for (const DTypeName& one : kDTypes) {
    if (one.stored == stored) return one.name;
  }
  return {};
}

SafetensorsHeader::SafetensorsHeader(std::string_view text)
    : json_(text, "header") {
  json_.EnterObject();
}

void SafetensorsHeader::Fail(std::string_view tensor,
                             std::string_view message) {
  throw Corrupt("header",
                fmt::format("tensor \"{}\" {}", Printable(tensor), message));
}

bool SafetensorsHeader::Next(SafetensorsEntry* entry) {
  while (std::optional<std::string_view> name = json_.NextMember()) {
    if (*name == "__metadata__") {
      ReadMetadata();
      continue;
    }
    entry->name = *name;
    ReadTensor(entry);
    return true;
  }
  json_.Finish();
  return false;
}

void SafetensorsHeader::ReadMetadata() {
  json_.EnterObject();
  while (std::optional<std::string_view> name = json_.NextMember()) {
    if (json_.Peek() == '"') {
      metadata_[std::string(*name)] = json_.Text();
    } else {
      json_.Skip();
      odd_metadata_.emplace_back(*name);
    }
  }
}

void SafetensorsHeader::ReadTensor(SafetensorsEntry* entry) {
  bool has_dtype = false, has_shape = false, has_offsets = false;
  json_.EnterObject();
  while (std::optional<std::string_view> member = json_.NextMember()) {
    if (*member == "dtype") {
      has_dtype = true;
      entry->dtype = json_.Text();
    } else if (*member == "shape") {
      has_shape = true;
      ReadShape(entry);
    } else if (*member == "data_offsets") {
      has_offsets = true;
      ReadOffsets(entry);
    } else {
      json_.Skip();
    }
  }
  if (!has_dtype) Fail(entry->name, "has no dtype");
  if (!has_shape) Fail(entry->name, "has no shape");
  if (!has_offsets) Fail(entry->name, "has no data_offsets");
}

void SafetensorsHeader::ReadShape(SafetensorsEntry* entry) {
  entry->shape.clear();
  json_.EnterArray();
  while (json_.NextElement()) {
    uint64_t dim = json_.Uint();
    if (dim > INT64_MAX) Fail(entry->name, "has a dimension beyond 2^63");
    entry->shape.push_back(static_cast<int64_t>(dim));
  }
}

void SafetensorsHeader::ReadOffsets(SafetensorsEntry* entry) {
  size_t count = 0;
  json_.EnterArray();
  for (; json_.NextElement(); ++count) {
    if (count > 1) Fail(entry->name, "has more than two data_offsets");
    (count == 0 ? entry->begin : entry->end) = json_.Uint();
  }
  if (count < 2) Fail(entry->name, "has less than two data_offsets");
}

}  // namespace ckptdiff
