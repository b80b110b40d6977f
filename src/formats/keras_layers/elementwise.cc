// Layers that return what they were given, element by element; only PReLU has
// a variable.

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

constexpr LayerClass kClasses[] = {
    {"Activation"},
    {"ActivityRegularization"},
    {"AlphaDropout"},
    {"Dropout"},
    {"ELU"},
    {"GaussianDropout"},
    {"GaussianNoise"},
    {"Identity"},
    {"LeakyReLU"},
    {"Masking"},
    {"PReLU", BuildPRelu},
    {"ReLU"},
    {"Softmax"},
    {"SpatialDropout1D"},
    {"SpatialDropout2D"},
    {"SpatialDropout3D"},
    {"ThresholdedReLU"},
};

}  // namespace

extern const std::span<const LayerClass> kElementwiseLayers;
const std::span<const LayerClass> kElementwiseLayers = kClasses;

}  // namespace ckptdiff
