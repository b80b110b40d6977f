// The equation of an EinsumDense layer, "abc,cde->abde" (input, kernel,
// output), solved for the shapes of its variables.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_EINSUM_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_EINSUM_H_

#include <optional>

#include "formats/keras_layers/layer_config.h"

namespace ckptdiff {

struct DenseEinsum {
  Shape kernel;
  // The kernel as a matrix: what is summed over, and what is kept.
  Shape matrix;
  Shape scale;  // of a quantised kernel; unknown where "..." stands for axes
  std::optional<Shape> bias;  // where `bias_axes` asks for one
  Shape output;
};

// Throws ParseError where `equation` is none.
DenseEinsum ResolveEinsum(const LayerConfig& config, const Shape& input);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_EINSUM_H_
