#include "ckptdiff/dtype.h"

#include <array>

namespace ckptdiff {
namespace {

struct Entry {
  std::string_view name;
  uint32_t bits;  // 0: no fixed size
};

constexpr std::array kTable = {
    Entry{"float32", 32},
    Entry{"float16", 16},
    Entry{"bfloat16", 16},
    Entry{"float64", 64},
    Entry{"int64", 64},
    Entry{"int32", 32},
    Entry{"int16", 16},
    Entry{"int8", 8},
    Entry{"uint64", 64},
    Entry{"uint32", 32},
    Entry{"uint16", 16},
    Entry{"uint8", 8},
    Entry{"bool", 8},
    Entry{"complex32", 32},
    Entry{"complex64", 64},
    Entry{"complex128", 128},
    Entry{"float8_e5m2", 8},
    Entry{"float8_e4m3fn", 8},
    Entry{"float8_e4m3", 8},
    Entry{"float8_e4m3fnuz", 8},
    Entry{"float8_e4m3b11fnuz", 8},
    Entry{"float8_e5m2fnuz", 8},
    Entry{"float8_e8m0fnu", 8},
    Entry{"float6_e2m3fn", 6},
    Entry{"float6_e3m2fn", 6},
    Entry{"float4_e2m1fn", 4},
    Entry{"int4", 4},
    Entry{"uint4", 4},
    Entry{"int2", 2},
    Entry{"uint2", 2},
    Entry{"qint8", 8},
    Entry{"quint8", 8},
    Entry{"qint16", 16},
    Entry{"quint16", 16},
    Entry{"qint32", 32},
    Entry{"string", 0},
    Entry{"variant", 0},
    Entry{"resource", 0},
    Entry{"object", 0},
};

const Entry* Find(std::string_view name) {
  for (const Entry& entry : kTable) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace

std::optional<uint32_t> DTypeBits(std::string_view name) {
  const Entry* entry = Find(name);
  if (entry == nullptr || entry->bits == 0) return std::nullopt;
  return entry->bits;
}

bool IsKnownDType(std::string_view name) { return Find(name) != nullptr; }

}  // namespace ckptdiff
