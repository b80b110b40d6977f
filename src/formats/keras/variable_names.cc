#include "formats/keras/variable_names.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/name_parts.h"

namespace ckptdiff {
namespace {

using Names = std::vector<std::string>;

size_t Rank(const NumberedVariable& variable) {
  return variable.shape.dims.size();
}

struct ClassNames {
  std::string_view group;
  std::vector<std::string_view> names;
};

// Classes that always have these, or the first of them.
const std::vector<ClassNames>& Fixed() {
  static const auto* const fixed = new std::vector<ClassNames>{
      {"conv1d", {"kernel", "bias"}},
      {"conv2d", {"kernel", "bias"}},
      {"conv3d", {"kernel", "bias"}},
      {"conv1d_transpose", {"kernel", "bias"}},
      {"conv2d_transpose", {"kernel", "bias"}},
      {"conv3d_transpose", {"kernel", "bias"}},
      {"cell", {"kernel", "recurrent_kernel", "bias"}},
      {"dense", {"kernel", "bias"}},
      {"einsum_dense", {"kernel", "bias"}},
      {"gru_cell", {"kernel", "recurrent_kernel", "bias"}},
      {"lstm_cell", {"kernel", "recurrent_kernel", "bias"}},
      {"simple_rnn_cell", {"kernel", "recurrent_kernel", "bias"}},
      {"normalization", {"mean", "variance", "count"}},
      {"p_re_lu", {"alpha"}},
      {"separable_conv1d", {"depthwise_kernel", "pointwise_kernel", "bias"}},
      {"separable_conv2d", {"depthwise_kernel", "pointwise_kernel", "bias"}},
  };
  return *fixed;
}

// int8: kernel, bias, kernel_scale; int4: kernel_zero, g_idx more; float8:
// three pairs of scale and history.
Names QuantizedNames(const std::string& kernel, bool has_bias, size_t count) {
  Names names = {kernel};
  if (has_bias) names.emplace_back("bias");
  if (count - names.size() >= 6) {
    for (const char* what : {"inputs", "kernel", "outputs_grad"}) {
      names.push_back(std::string(what) + "_scale");
      names.push_back(std::string(what) + "_amax_history");
    }
  } else {
    for (const std::string& more :
         {kernel + "_scale", kernel + "_zero", std::string("g_idx")}) {
      if (names.size() < count) names.push_back(more);
    }
  }
  names.resize(count);
  return names;
}

bool IsQuantized(const std::vector<NumberedVariable>& variables) {
  bool is_narrow =
      variables[0].dtype == "int8" || variables[0].dtype == "uint8";
  return Rank(variables[0]) >= 2 &&
         ((is_narrow && variables.size() > 1) || variables.size() >= 7);
}

Names NormalizationNames(size_t count) {
  switch (count) {
    case 4: return {"gamma", "beta", "moving_mean", "moving_variance"};
    case 3: return {"", "moving_mean", "moving_variance"};
    case 2: return {"moving_mean", "moving_variance"};
    default: return Names(count);
  }
}

Names NamesByShape(const std::vector<NumberedVariable>& variables) {
  size_t count = variables.size();
  auto all_vectors =
      std::ranges::all_of(variables, [&](const NumberedVariable& one) {
        return Rank(one) == 1 && one.shape == variables[0].shape;
      });
  if (all_vectors && count == 4) return NormalizationNames(4);
  if (all_vectors && count == 2) return {"gamma", "beta"};
  bool has_bias =
      Rank(variables[count - 1]) == 1 && Rank(variables[0]) >= 2 &&
      variables[count - 1].shape.dims.back() == variables[0].shape.dims.back();
  if (count == 2 && has_bias) return {"kernel", "bias"};
  if (count == 3 && Rank(variables[0]) == 2 && Rank(variables[1]) == 2 &&
      variables[0].shape.dims[1] == variables[1].shape.dims[1]) {
    return {"kernel", "recurrent_kernel", "bias"};
  }
  return Names(count);
}

}  // namespace

std::vector<std::string> VariableNames(
    std::string_view group, const std::vector<NumberedVariable>& variables,
    bool is_keras3) {
  size_t count = variables.size();
  if (count == 0) return {};
  std::string_view base = WithoutNumber(group);
  if (base == "embedding") {
    return QuantizedNames("embeddings", false, count);
  }
  bool is_dense = base == "dense" || base == "einsum_dense";
  if (is_dense && IsQuantized(variables)) {
    // Of two, the second is the bias or the scale: the bias keeps float32 and
    // so does the scale; a kernel of int8 always has its scale.
    return QuantizedNames("kernel", count != 2 && count != 4 && count != 7,
                          count);
  }
  if (base == "batch_normalization") return NormalizationNames(count);
  if (base == "layer_normalization" || base == "group_normalization") {
    return count == 2 ? Names{"gamma", "beta"} : Names(count);
  }
  if (base == "rms_normalization") return {"scale"};
  if (base == "depthwise_conv1d" || base == "depthwise_conv2d") {
    Names names = {is_keras3 ? "kernel" : "depthwise_kernel", "bias"};
    names.resize(count);
    return names;
  }
  for (const ClassNames& one : Fixed()) {
    if (one.group != base || one.names.size() < count) continue;
    return Names(one.names.begin(),
                 one.names.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return NamesByShape(variables);
}

std::string SnakeCase(std::string_view class_name) {
  std::string word;
  for (char c : class_name) {
    bool is_letter = IsUpper(c) || IsLower(c) || IsDigit(c) || c == '_' ||
                     static_cast<unsigned char>(c) >= 0x80;
    if (is_letter) word += c;
  }
  // (.)([A-Z][a-z]+) → \1_\2, then ([a-z])([A-Z]) → \1_\2.
  std::string split;
  for (size_t i = 0; i < word.size(); ++i) {
    bool starts_run = i > 0 && IsUpper(word[i]) && i + 1 < word.size() &&
                      IsLower(word[i + 1]);
    if (starts_run) split += '_';
    split += word[i];
  }
  std::string snake;
  for (size_t i = 0; i < split.size(); ++i) {
    if (i > 0 && IsUpper(split[i]) && IsLower(split[i - 1])) snake += '_';
    snake += Lower(split[i]);
  }
  return snake;
}

}  // namespace ckptdiff
