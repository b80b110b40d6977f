// The large matrix of a layer: plain, quantised (Keras 3.3 and later), or with
// a low-rank update beside it (LoRA).

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_KERNELS_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_KERNELS_H_

#include <optional>
#include <string_view>

#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {

struct KernelSpec {
  std::string_view name;  // "kernel", "embeddings"
  Shape shape;
  Shape scale;  // of its int8 form, one a channel
  // As a matrix [in, out]; unknown: `shape` is one.
  Shape matrix = Shape::Unknown();
  // An embedding's blocks run along its rows, a kernel's along its columns.
  bool by_row = false;
};

// Adds the kernel and, where there is one, the bias, in the order of the
// framework, and what quantisation and LoRA add to them. A quantisation that
// is not known makes the layer's variables unknown.
void AddKernel(LayerBuilder& b, const KernelSpec& kernel,
               const std::optional<Shape>& bias = std::nullopt);

// As AddKernel, for a layer whose config says nothing of its quantisation.
void AddQuantizedKernel(LayerBuilder& b, const KernelSpec& kernel,
                        const std::optional<Shape>& bias,
                        const Quantization& quantization);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_KERNELS_H_
