// What the numbered variables of one object are called, by its class and by
// their shapes: the part of a Keras 3 store that no file tells.

#ifndef CKPTDIFF_FORMATS_KERAS_VARIABLE_NAMES_H_
#define CKPTDIFF_FORMATS_KERAS_VARIABLE_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

struct NumberedVariable {
  Shape shape;
  std::string_view dtype;
};

// One name each; an empty one where neither class nor shapes tell it.
// `group` is what the store calls the object: "dense_1", "cell", "gate".
std::vector<std::string> VariableNames(
    std::string_view group, const std::vector<NumberedVariable>& variables,
    bool is_keras3);

// "MultiHeadAttention" → "multi_head_attention": Keras' to_snake_case.
std::string SnakeCase(std::string_view class_name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_VARIABLE_NAMES_H_
