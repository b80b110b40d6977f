// Dense layers and embeddings, and the layers that start or hold a graph.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/einsum.h"
#include "formats/keras_layers/kernels.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

void BuildDense(LayerBuilder& b) {
  int64_t units = b.config().Size({"units", "output_dim"});
  std::optional<Shape> bias;
  if (b.config().Flag("use_bias", b.config().Flag("bias", true))) {
    bias = Shape::Of({units});
  }
  AddKernel(b,
            {.name = "kernel",
             .shape = Shape::Of({b.Dim(-1), units}),
             .scale = Shape::Of({units})},
            bias);
}

std::vector<Shape> DenseOutput(const LayerConfig& config,
                               const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  shape.dims.back() = config.Size({"units", "output_dim"});
  return {shape};
}

void BuildEinsumDense(LayerBuilder& b) {
  DenseEinsum einsum = ResolveEinsum(b.config(), b.input());
  AddKernel(b,
            {.name = "kernel",
             .shape = einsum.kernel,
             .scale = einsum.scale,
             .matrix = einsum.matrix},
            einsum.bias);
}

std::vector<Shape> EinsumDenseOutput(const LayerConfig& config,
                                     const LayerCall& call) {
  return {ResolveEinsum(config, call.First()).output};
}

void BuildEmbedding(LayerBuilder& b) {
  int64_t rows = b.config().Size("input_dim");
  AddKernel(b, {.name = "embeddings",
                .shape = Shape::Of({rows, b.config().Size("output_dim")}),
                .scale = Shape::Of({rows}),
                .by_row = true});
}

void BuildReversibleEmbedding(LayerBuilder& b) {
  BuildEmbedding(b);
  if (b.config().Flag("tie_weights", true)) return;
  int64_t rows = b.config().Size("input_dim");
  int64_t width = b.config().Size("output_dim");
  Quantization quantization = b.config().Quantized();
  constexpr VariableOptions kFixed = {.trainable = false};
  if (quantization.mode != "int8" && quantization.mode != "int4") {
    b.Add("reverse_embeddings", {width, rows});
    return;
  }
  bool is_int8 = quantization.mode == "int8";
  b.Add("reverse_embeddings", {is_int8 ? width : CeilDivDim(width, 2), rows},
        {.trainable = false, .dtype = "int8"});
  int64_t block = is_int8 ? -1 : quantization.int4_block.value_or(-1);
  if (block < 1) {
    b.Add("reverse_embeddings_scale", {rows}, kFixed);
    return;
  }
  for (const char* name :
       {"reverse_embeddings_scale", "reverse_embeddings_zero"}) {
    b.Add(name, {CeilDivDim(width, block), rows}, kFixed);
  }
}

// Of Keras 2 alone; float32, whatever its policy.
void BuildRandomFourierFeatures(LayerBuilder& b) {
  int64_t width = b.config().Size("output_dim");
  b.Add("unscaled_kernel", {b.Dim(-1), width}, {false, "float32"});
  b.Add("bias", {width}, {false, "float32"});
  b.Add("kernel_scale", {1}, {true, "float32"});
}

// [batch, output_dim].
std::vector<Shape> RandomFourierFeaturesOutput(const LayerConfig& config,
                                               const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  shape.dims = {shape.dims[0], config.Size("output_dim")};
  return {shape};
}

std::vector<Shape> EmbeddingOutput(const LayerConfig& config,
                                   const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known) return {shape};
  // Before Keras 3 a length may stand here that the input leaves open.
  std::vector<int64_t> length = config.Ints("input_length");
  if (length.size() == 1 && shape.dims.size() == 2 && length[0] > 0 &&
      shape.dims[1] == kUnknownDim) {
    shape.dims[1] = length[0];
  }
  shape.dims.push_back(config.Size("output_dim"));
  return {shape};
}

std::vector<Shape> InputOutput(const LayerConfig& config,
                               const LayerCall& call) {
  if (call.First().known) return {call.First()};
  for (const char* name : {"batch_shape", "batch_input_shape"}) {
    const Json* shape = Member(config.json(), name);
    if (shape != nullptr) return {ShapeFromJson(*shape)};
  }
  return {Shape::Unknown()};
}

std::vector<Shape> UnknownOutput(const LayerConfig&, const LayerCall&) {
  return {Shape::Unknown()};
}

constexpr LayerClass kClasses[] = {
    {"Dense", BuildDense, DenseOutput},
    {"EinsumDense", BuildEinsumDense, EinsumDenseOutput},
    {"Embedding", BuildEmbedding, EmbeddingOutput},
    {"InputLayer", nullptr, InputOutput},
    {"Lambda", nullptr, UnknownOutput},
    {"RandomFourierFeatures", BuildRandomFourierFeatures,
     RandomFourierFeaturesOutput},
    {"ReversibleEmbedding", BuildReversibleEmbedding, EmbeddingOutput},
};

}  // namespace

extern const std::span<const LayerClass> kCoreLayers;
const std::span<const LayerClass> kCoreLayers = kClasses;

}  // namespace ckptdiff
