// Element types by their numpy / ml_dtypes names ("float32", "bfloat16",
// "float8_e4m3fn", "string", ...). A dtype travels as that name; an empty name
// means unknown.

#ifndef CKPTDIFF_DTYPE_H_
#define CKPTDIFF_DTYPE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace ckptdiff {

// Size of one element in bits; nullopt where it has none (strings, variants,
// block-quantised types) or the name is not known.
std::optional<uint32_t> DTypeBits(std::string_view name);

// True for names in the table behind DTypeBits and for the sized-less ones.
bool IsKnownDType(std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_DTYPE_H_
