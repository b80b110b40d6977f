#include "layout/names.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kValueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";
constexpr std::string_view kPart = "/part_";

// Of TensorFlow and Keras, PyTorch, Flax, haiku and GGUF.
constexpr std::array<std::string_view, 25> kLeafWords = {"kernel",
                                                         "weight",
                                                         "embedding",
                                                         "embeddings",
                                                         "gamma",
                                                         "beta",
                                                         "bias",
                                                         "scale",
                                                         "moving_mean",
                                                         "moving_variance",
                                                         "running_mean",
                                                         "running_var",
                                                         "mean",
                                                         "var",
                                                         "offset",
                                                         "w",
                                                         "b",
                                                         "weights",
                                                         "biases",
                                                         "depthwise_kernel",
                                                         "pointwise_kernel",
                                                         "recurrent_kernel",
                                                         "alpha",
                                                         "weight_ih",
                                                         "weight_hh"};

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

// "w/part_3" is "w"; anything else is itself.
std::string_view WithoutPart(std::string_view name) {
  size_t digits = name.size();
  while (digits > 0 && IsDigit(name[digits - 1])) --digits;
  std::string_view front = name.substr(0, digits);
  bool is_part = digits < name.size() && front.ends_with(kPart) &&
                 front.size() > kPart.size();
  return is_part ? front.substr(0, front.size() - kPart.size()) : name;
}

std::string_view WithoutSuffixes(std::string_view name) {
  std::string_view rest = name;
  if (rest.ends_with(":0")) rest.remove_suffix(2);
  if (rest.ends_with(kValueSuffix)) rest.remove_suffix(kValueSuffix.size());
  rest = WithoutPart(rest);
  return rest.empty() ? name : rest;
}

// Composed; the text itself where it is no UTF-8.
std::string Composed(std::string_view text) {
  utf8proc_uint8_t* out = nullptr;
  utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &out,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) return std::string(text);
  std::string composed(reinterpret_cast<const char*>(out),
                       static_cast<size_t>(size));
  std::free(out);
  return composed;
}

}  // namespace

std::string CanonicalName(std::string_view name) {
  std::string_view rest = WithoutSuffixes(name);
  return IsAscii(rest) ? std::string(rest) : Composed(rest);
}

bool IsCanonicalName(std::string_view name) {
  if (WithoutSuffixes(name).size() != name.size()) return false;
  return IsAscii(name) || Composed(name) == name;
}

bool IsLeafWord(std::string_view word) {
  return std::find(kLeafWords.begin(), kLeafWords.end(), word) !=
         kLeafWords.end();
}

}  // namespace ckptdiff
