// What a matrix `kernel` [in, out] becomes:
//
//   int8        kernel int8, kernel_scale [out]
//   int4/N      kernel int8 [in, out / 2] (two numbers a byte), kernel_scale
//               and kernel_zero int8 [blocks of N, out], g_idx [in]
//   int4/-1     kernel int8 [in, out / 2], kernel_scale [out]
//   float8      kernel as it was; a scale and the history of the largest
//               values of what goes in, of the kernel, of the gradient
//   LoRA        kernel, not trained; lora_kernel_a [in, rank] and
//               lora_kernel_b [rank, out], which no file holds: saving merges
//               them into the kernel
//
// An embedding [rows, width] likewise, but for its blocks, which run along the
// width: embeddings_scale [rows, blocks], g_idx [width]. In four bits the
// kernel of an EinsumDense is a matrix, of all axes that the product sums over
// and all that it keeps.

#include "formats/keras_layers/kernels.h"

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"

namespace ckptdiff {
namespace {

constexpr VariableOptions kInt8 = {.trainable = false, .dtype = "int8"};
constexpr VariableOptions kFixed = {.trainable = false};

void AddInt8(LayerBuilder& b, const KernelSpec& kernel) {
  b.AddShape(kernel.name, kernel.shape, kInt8);
  b.AddShape(fmt::format("{}_scale", kernel.name), kernel.scale, kFixed);
}

// Only what Keras 3.15 writes: before, another axis was packed.
bool AddInt4(LayerBuilder& b, const KernelSpec& kernel,
             std::optional<int64_t> block) {
  const Shape& matrix = kernel.matrix.known ? kernel.matrix : kernel.shape;
  if (!block || !matrix.known || matrix.dims.size() != 2) return false;
  int64_t rows = matrix.dims[0], width = matrix.dims[1];
  b.Add(kernel.name, {rows, CeilDivDim(width, 2)}, kInt8);
  std::string scale = fmt::format("{}_scale", kernel.name);
  if (*block < 1) {
    b.Add(scale, {kernel.by_row ? rows : width}, kFixed);
    return true;
  }
  std::vector<int64_t> scales = {CeilDivDim(rows, *block), width};
  if (kernel.by_row) scales = {rows, CeilDivDim(width, *block)};
  b.Add(scale, scales, kFixed);
  b.Add(fmt::format("{}_zero", kernel.name), scales, kInt8);
  b.Add("g_idx", {kernel.by_row ? width : rows},
        {.trainable = false, .dtype = "float32"});
  return true;
}

void AddFloat8(LayerBuilder& b, int64_t history) {
  constexpr VariableOptions kHistory = {.dtype = "float32", .has_slots = false};
  for (std::string_view what : {"inputs", "kernel", "outputs_grad"}) {
    b.AddShape(fmt::format("{}_scale", what), Shape::Of({}), kHistory);
    b.Add(fmt::format("{}_amax_history", what), {history}, kHistory);
  }
}

// In full precision, whatever the layer's own is.
void AddLora(LayerBuilder& b, const KernelSpec& kernel, int64_t rank) {
  Shape a = kernel.shape;
  int64_t out = kUnknownDim;
  if (a.known && !a.dims.empty()) {
    out = a.dims.back();
    a.dims.back() = rank;
  }
  constexpr VariableOptions kUpdate = {.dtype = "float32", .stored = false};
  b.AddShape(fmt::format("lora_{}_a", kernel.name), a, kUpdate);
  b.Add(fmt::format("lora_{}_b", kernel.name), {rank, out}, kUpdate);
}

}  // namespace

void AddKernel(LayerBuilder& b, const KernelSpec& kernel,
               const std::optional<Shape>& bias) {
  AddQuantizedKernel(b, kernel, bias, b.config().Quantized());
}

void AddQuantizedKernel(LayerBuilder& b, const KernelSpec& kernel,
                        const std::optional<Shape>& bias,
                        const Quantization& quantization) {
  const std::string& mode = quantization.mode;
  std::optional<int64_t> rank = b.config().OptionalSize("lora_rank");
  if (mode == "int8") {
    AddInt8(b, kernel);
  } else if (mode != "int4" || !AddInt4(b, kernel, quantization.int4_block)) {
    if (!mode.empty() && mode != "float8") b.layer().known = false;
    b.AddShape(kernel.name, kernel.shape, {.frozen = rank.has_value()});
  }
  if (bias) b.AddShape("bias", *bias);
  if (rank) AddLora(b, kernel, *rank);
  if (mode == "float8") AddFloat8(b, quantization.float8_history);
}

}  // namespace ckptdiff
