// Layers that return what they were given, element by element; few have
// a variable.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

void BuildPRelu(LayerBuilder& b) {
  Shape alpha = b.input();
  if (alpha.known && !alpha.dims.empty()) {
    for (int64_t axis : b.config().Ints("shared_axes")) {
      size_t position = NormalizeAxis(axis, alpha.dims.size());
      if (position == alpha.dims.size()) {
        b.config().Fail("\"shared_axes\" has an axis that its input has not");
      }
      alpha.dims[position] = 1;
    }
    alpha.dims.erase(alpha.dims.begin());
  }
  b.AddShape("alpha", alpha);
}

// Of keras.applications' ConvNeXt. It gives its variable no name: Keras 3
// counts those.
void BuildLayerScale(LayerBuilder& b) {
  int64_t size = b.config().Size("projection_dim");
  if (!b.keras3()) {
    b.Add("gamma", {size});
    return;
  }
  size_t number = b.config().state().unnamed_variables++;
  b.Add(number == 0 ? "variable" : fmt::format("variable_{}", number), {size});
}

constexpr LayerClass kClasses[] = {
    {"Activation"},
    {"ActivityRegularization"},
    {"AlphaDropout"},
    {"Dropout"},
    {"ELU"},
    {"GaussianDropout"},
    {"GaussianNoise"},
    {"Identity"},
    {"LayerScale", BuildLayerScale},
    {"LeakyReLU"},
    {"Masking"},
    {"PReLU", BuildPRelu},
    {"ReLU"},
    {"Softmax"},
    {"SpatialDropout1D"},
    {"SpatialDropout2D"},
    {"SpatialDropout3D"},
    {"StochasticDepth"},
    {"ThresholdedReLU"},
};

}  // namespace

extern const std::span<const LayerClass> kElementwiseLayers;
const std::span<const LayerClass> kElementwiseLayers = kClasses;

}  // namespace ckptdiff
