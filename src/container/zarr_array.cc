#include "container/zarr_array.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "container/json_doc.h"
#include "container/zstd_frame.h"

namespace ckptdiff {
namespace {

constexpr size_t kMaxRank = 64;
// A shard ends in its index: offset and size of the one chunk, and a CRC-32C.
constexpr size_t kShardIndexBytes = 8 + 8 + 4;

struct Named {
  std::string_view name;
  uint64_t size;
};

// What both versions write bare; Zarr 2 writes numpy's own types as "<f4".
constexpr Named kBareTypes[] = {
    {"bool", 1},
    {"int8", 1},
    {"uint8", 1},
    {"int16", 2},
    {"uint16", 2},
    {"int32", 4},
    {"uint32", 4},
    {"int64", 8},
    {"uint64", 8},
    {"float16", 2},
    {"bfloat16", 2},
    {"float32", 4},
    {"float64", 8},
    {"complex64", 8},
    {"complex128", 16},
    {"int4", 1},
    {"uint4", 1},
    {"int2", 1},
    {"uint2", 1},
    {"float8_e4m3fn", 1},
    {"float8_e5m2", 1},
    {"float8_e4m3", 1},
    {"float8_e3m4", 1},
    {"float8_e8m0fnu", 1},
    {"float8_e4m3fnuz", 1},
    {"float8_e5m2fnuz", 1},
    {"float8_e4m3b11fnuz", 1},
    {"float4_e2m1fn", 1},
};

std::string NumpyKind(char kind) {
  switch (kind) {
    case 'f': return "float";
    case 'i': return "int";
    case 'u': return "uint";
    case 'c': return "complex";
    default: return {};
  }
}

void SetDType(const std::string& stored, ZarrArray* array) {
  std::string name = stored;
  if (stored == "|b1") name = "bool";
  bool is_numpy = stored.size() >= 3 &&
                  (stored[0] == '<' || stored[0] == '>' || stored[0] == '|');
  if (is_numpy && stored[1] != 'b') {
    std::string kind = NumpyKind(stored[1]);
    std::string digits = stored.substr(2);
    bool is_size = !kind.empty() && digits.size() <= 2 &&
                   digits.find_first_not_of("0123456789") == digits.npos;
    if (is_size) name = kind + std::to_string(8 * std::stoi(digits));
    array->is_big_endian = stored[0] == '>';
  }
  for (const Named& one : kBareTypes) {
    if (one.name != name) continue;
    array->dtype = name;
    array->item_size = one.size;
  }
}

std::string Unshard(std::string_view chunk) {
  if (chunk.size() < kShardIndexBytes) return std::string(chunk);
  std::string_view index = chunk.substr(chunk.size() - kShardIndexBytes);
  ByteCursor cursor(AsBytes(index), "shard index");
  uint64_t offset = cursor.LittleU64("offset");
  uint64_t size = cursor.LittleU64("size");
  bool fits = offset <= chunk.size() && size <= chunk.size() - offset;
  return fits ? std::string(chunk.substr(offset, size)) : std::string();
}

}  // namespace

ZarrArray ParseZarrArray(std::string_view text, std::string_view where) {
  Json json = ParseJson(text, where);
  auto fail = [where](std::string what) {
    return Corrupt(std::string(where), std::move(what));
  };
  ZarrArray array;
  int64_t version = IntOr(json, "zarr_format", 0);
  if (version != 2 && version != 3) throw fail("is of no known zarr_format");
  array.version = static_cast<int>(version);
  if (version == 3 && StringOr(json, "node_type", "array") != "array") {
    throw Unsupported(std::string(where), "is no array but a group");
  }
  const Json* shape = Member(json, "shape");
  if (shape == nullptr || !shape->is_array()) throw fail("has no shape");
  if (shape->size() > kMaxRank) throw fail("has more than 64 dimensions");
  for (const Json& dim : *shape) {
    if (!dim.is_number_unsigned() || dim.get<uint64_t>() > INT64_MAX) {
      throw fail("has a dimension that is no whole number");
    }
    array.shape.push_back(dim.get<int64_t>());
  }
  SetDType(StringOr(json, version == 2 ? "dtype" : "data_type"), &array);
  return array;
}

std::optional<int64_t> ZarrScalar(const ZarrArray& array,
                                  std::string_view chunk) {
  bool is_signed = array.dtype.starts_with("int");
  bool is_integer = is_signed || array.dtype.starts_with("uint");
  if (!array.shape.empty() || !is_integer || array.is_big_endian) return {};
  std::string bytes = array.version == 3 ? Unshard(chunk) : std::string(chunk);
  if (LooksLikeZstd(bytes)) {
    bytes = InflateZstd(bytes, array.item_size).value_or("");
  }
  if (bytes.size() != array.item_size) return std::nullopt;
  return LittleInteger(AsBytes(bytes), is_signed);
}

}  // namespace ckptdiff
