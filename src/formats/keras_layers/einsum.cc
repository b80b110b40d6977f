#include "formats/keras_layers/einsum.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"
#include "formats/keras_layers/dims.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kEllipsis = "...";
constexpr size_t kMaxEquation = 256;

struct Equation {
  std::string input;
  std::string kernel;
  std::string output;
};

// One letter an axis; "..." at the front or the end of input and output.
Equation ParseEquation(const LayerConfig& config) {
  std::string text = config.Text("equation", "");
  std::erase(text, ' ');
  size_t comma = text.find(',');
  size_t arrow = text.find("->");
  if (comma == std::string::npos || arrow == std::string::npos ||
      comma > arrow || text.size() > kMaxEquation) {
    config.Fail(fmt::format("\"equation\" is \"{}\", which is none",
                            Printable(text.substr(0, 40))));
  }
  return {text.substr(0, comma), text.substr(comma + 1, arrow - comma - 1),
          text.substr(arrow + 2)};
}

// Letters of a side that may be elided, and whether they count from the end.
struct Labels {
  std::string letters;
  bool elided = false;
  bool from_end = false;
};

Labels ToLabels(std::string side) {
  Labels labels;
  size_t dots = side.find(kEllipsis);
  if (dots != std::string::npos) {
    labels.elided = true;
    labels.from_end = dots == 0;
    side.erase(dots, kEllipsis.size());
  }
  labels.letters = std::move(side);
  return labels;
}

std::map<char, int64_t> DimsOf(const Labels& labels, const Shape& shape) {
  std::map<char, int64_t> dims;
  size_t count = labels.letters.size();
  for (size_t i = 0; i < count; ++i) {
    int64_t dim = kUnknownDim;
    if (shape.known && shape.dims.size() >= count) {
      size_t offset = labels.from_end ? shape.dims.size() - count : 0;
      dim = shape.dims[offset + i];
    }
    dims[labels.letters[i]] = dim;
  }
  return dims;
}

// `output_shape` leaves the batch out, and may leave axes open.
Shape DeclaredOutput(const LayerConfig& config) {
  const Json* json = Member(config.json(), "output_shape");
  Shape shape = Shape::Of({kUnknownDim});
  if (json == nullptr || json->is_null()) return Shape::Unknown();
  Shape rest = json->is_array() ? ShapeFromJson(*json)
                                : Shape::Of(config.Ints("output_shape"));
  if (!rest.known) return rest;
  shape.dims.insert(shape.dims.end(), rest.dims.begin(), rest.dims.end());
  return shape;
}

Shape BiasShape(const LayerConfig& config, const Labels& output,
                const std::map<char, int64_t>& dims, size_t rank) {
  std::string axes = config.Text("bias_axes", "");
  std::vector<int64_t> shape;
  size_t first = output.letters.find_first_of(axes);
  if (first == std::string::npos) {
    config.Fail(
        fmt::format("\"bias_axes\" is \"{}\", which is not in the "
                    "equation's output",
                    Printable(axes.substr(0, 40))));
  }
  for (size_t i = first; i < output.letters.size(); ++i) {
    char letter = output.letters[i];
    bool has_bias = axes.find(letter) != std::string::npos;
    shape.push_back(has_bias ? dims.at(letter) : 1);
  }
  if (output.elided && !output.from_end && rank > output.letters.size()) {
    shape.resize(shape.size() + rank - output.letters.size(), 1);
  }
  return Shape::Of(std::move(shape));
}

// As the framework says it: of the input's axes only the first and the elided
// ones are taken over, and these are turned around where they stand in front.
Shape OutputShape(const Labels& output, const Shape& declared,
                  const Shape& input, size_t elided) {
  std::vector<int64_t> dims;
  std::map<char, int64_t> told = DimsOf(output, declared);
  for (char letter : output.letters) dims.push_back(told.at(letter));
  auto front = input.dims.begin();
  auto count = static_cast<std::ptrdiff_t>(elided);
  if (output.elided && output.from_end && elided > 0) {
    dims.insert(dims.begin(), front, front + count);
    std::reverse(dims.begin() + 1, dims.begin() + count);
  } else if (!dims.empty() && !input.dims.empty()) {
    dims.front() = *front;
  }
  if (output.elided && !output.from_end) {
    dims.insert(dims.end(), input.dims.end() - count, input.dims.end());
  }
  return Shape::Of(std::move(dims));
}

}  // namespace

DenseEinsum ResolveEinsum(const LayerConfig& config, const Shape& input) {
  Equation equation = ParseEquation(config);
  Labels in = ToLabels(equation.input);
  Labels out = ToLabels(equation.output);
  Shape declared = DeclaredOutput(config);
  std::map<char, int64_t> in_dims = DimsOf(in, input);
  std::map<char, int64_t> out_dims = DimsOf(out, declared);
  for (auto& [letter, dim] : out_dims) {
    auto known = in_dims.find(letter);
    if (dim == kUnknownDim && known != in_dims.end()) dim = known->second;
  }
  DenseEinsum result;
  std::vector<int64_t> kernel;
  int64_t summed = 1, kept = 1;
  for (char letter : equation.kernel) {
    auto from_input = in_dims.find(letter);
    auto from_output = out_dims.find(letter);
    if (from_input == in_dims.end() && from_output == out_dims.end()) {
      config.Fail(
          fmt::format("axis '{}' of the kernel is neither in the "
                      "equation's input nor in its output",
                      Printable(std::string_view(&letter, 1))));
    }
    kernel.push_back(from_input != in_dims.end() ? from_input->second
                                                 : from_output->second);
    int64_t& product = from_output != out_dims.end() ? kept : summed;
    product = MulDim(product, kernel.back());
  }
  result.kernel = Shape::Of(std::move(kernel));
  result.matrix = Shape::Of({summed, kept});
  // One scale for each value of the axes that the kernel brings.
  if (!out.elided) {
    result.scale = Shape::Of({});
    for (char letter : out.letters) {
      bool in_kernel = equation.kernel.find(letter) != std::string::npos;
      result.scale.dims.push_back(in_kernel ? out_dims.at(letter) : 1);
    }
  }
  size_t elided = input.known && input.dims.size() > in.letters.size()
                      ? input.dims.size() - in.letters.size()
                      : 0;
  if (config.Has("bias_axes")) {
    result.bias = BiasShape(config, out, out_dims, out.letters.size() + elided);
  }
  if (!input.known || (out.elided && !in.elided)) return result;
  result.output = OutputShape(out, declared, input, elided);
  return result;
}

}  // namespace ckptdiff
