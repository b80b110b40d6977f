// Weights that kept their name and stand under another object path: TF2 finds
// a variable by the attributes that lead to it, whatever it is called.

#ifndef CKPTDIFF_CAUSES_MOVED_KEYS_H_
#define CKPTDIFF_CAUSES_MOVED_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "causes/evidence.h"

namespace ckptdiff {

enum class KeyMove : uint8_t {
  kDeeper,    // more or fewer objects lead to it
  kIndex,     // only numbers differ: layers before it came or went
  kAttribute  // an attribute on the way has another name
};

// Positions of the findings that are of this kind, ascending.
std::vector<size_t> MovedKeys(const Evidence& evidence, KeyMove kind);

// "layer-1/kernel is now backbone/layer-1/kernel".
std::string MoveOf(const Evidence& evidence, size_t finding);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_MOVED_KEYS_H_
