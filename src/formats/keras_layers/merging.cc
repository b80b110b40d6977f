// Layers over several tensors that have no variables.

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_class.h"

namespace ckptdiff {
namespace {

std::vector<Shape> ElementwiseOutput(const LayerConfig&,
                                     const LayerCall& call) {
  std::vector<Shape> inputs = call.All();
  if (inputs.empty()) return {Shape::Unknown()};
  Shape shape = inputs[0];
  for (const Shape& input : inputs) shape = Broadcast(shape, input);
  return {shape};
}

std::vector<Shape> ConcatenateOutput(const LayerConfig& config,
                                     const LayerCall& call) {
  std::vector<Shape> inputs = call.All();
  if (inputs.empty() || !inputs[0].known) return {Shape::Unknown()};
  Shape shape = inputs[0];
  size_t axis = NormalizeAxis(config.Int("axis", -1), shape.dims.size());
  if (axis == shape.dims.size()) return {Shape::Unknown()};
  int64_t sum = 0;
  for (const Shape& input : inputs) {
    if (!input.known || input.dims.size() != shape.dims.size()) {
      return {Shape::Unknown()};
    }
    sum = AddDim(sum, input.dims[axis]);
    for (size_t i = 0; i < shape.dims.size(); ++i) {
      if (shape.dims[i] == kUnknownDim) shape.dims[i] = input.dims[i];
    }
  }
  shape.dims[axis] = sum;
  return {shape};
}

// Both without the axis that is summed over, the batch once.
std::vector<Shape> DotOutput(const LayerConfig& config, const LayerCall& call) {
  std::vector<Shape> inputs = call.All();
  std::vector<int64_t> axes = config.Ints("axes");
  if (axes.size() == 1) axes.push_back(axes[0]);
  if (inputs.size() != 2 || axes.size() != 2 || !inputs[0].known ||
      !inputs[1].known) {
    return {Shape::Unknown()};
  }
  Shape result = Shape::Of({});
  for (size_t side = 0; side < 2; ++side) {
    const std::vector<int64_t>& dims = inputs[side].dims;
    size_t summed = NormalizeAxis(axes[side], dims.size());
    if (summed == dims.size()) return {Shape::Unknown()};
    for (size_t i = side; i < dims.size(); ++i) {
      if (i != summed) result.dims.push_back(dims[i]);
    }
  }
  if (result.dims.size() == 1) result.dims.push_back(1);
  return {result};
}

constexpr LayerClass kClasses[] = {
    {"Add", nullptr, ElementwiseOutput},
    {"Average", nullptr, ElementwiseOutput},
    {"Concatenate", nullptr, ConcatenateOutput},
    {"CustomScaleLayer", nullptr, ElementwiseOutput},  // Inception-ResNet
    {"Dot", nullptr, DotOutput},
    {"Maximum", nullptr, ElementwiseOutput},
    {"Minimum", nullptr, ElementwiseOutput},
    {"Multiply", nullptr, ElementwiseOutput},
    {"Subtract", nullptr, ElementwiseOutput},
};

}  // namespace

extern const std::span<const LayerClass> kMergingLayers;
const std::span<const LayerClass> kMergingLayers = kClasses;

}  // namespace ckptdiff
