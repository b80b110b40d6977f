// Names are paths: what their parts say. Separators are those of frameworks:
// "encoder/dense_1/kernel", "encoder.layers.0.weight".

#ifndef CKPTDIFF_BASE_NAME_PARTS_H_
#define CKPTDIFF_BASE_NAME_PARTS_H_

#include <string_view>

namespace ckptdiff {

// What stands behind the last separator; all of a name that has none.
constexpr std::string_view LastPart(std::string_view name,
                                    std::string_view separators = "/.") {
  return name.substr(name.find_last_of(separators) + 1);
}

// "layer_with_weights-12" → "layer_with_weights-", "0" → "".
constexpr std::string_view WithoutDigits(std::string_view part) {
  return part.substr(0, part.find_last_not_of("0123456789") + 1);
}

// Without the number that sets one of several apart: "conv2d_1" → "conv2d".
// "conv2d" has none.
constexpr std::string_view WithoutNumber(std::string_view part) {
  std::string_view word = WithoutDigits(part);
  if (word.size() == part.size() || !word.ends_with('_')) return part;
  word.remove_suffix(1);
  return word;
}

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_NAME_PARTS_H_
