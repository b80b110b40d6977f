// Dense layers and embeddings, and the layers that start or hold a graph.

#include <fmt/format.h>

#include <map>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/einsum.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

void BuildDense(LayerBuilder& b) {
  int64_t units = b.config().Size({"units", "output_dim"});
  b.Add("kernel", {b.Dim(-1), units});
  if (b.config().Flag("use_bias", b.config().Flag("bias", true))) {
    b.Add("bias", {units});
  }
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
  b.AddShape("kernel", einsum.kernel);
  if (einsum.bias) b.AddShape("bias", *einsum.bias);
}

std::vector<Shape> EinsumDenseOutput(const LayerConfig& config,
                                     const LayerCall& call) {
  return {ResolveEinsum(config, call.First()).output};
}

void BuildEmbedding(LayerBuilder& b) {
  b.Add("embeddings",
        {b.config().Size("input_dim"), b.config().Size("output_dim")});
}

void BuildReversibleEmbedding(LayerBuilder& b) {
  BuildEmbedding(b);
  if (b.config().Flag("tie_weights", true)) return;
  b.Add("reverse_embeddings",
        {b.config().Size("output_dim"), b.config().Size("input_dim")});
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
    {"ReversibleEmbedding", BuildReversibleEmbedding, EmbeddingOutput},
};

}  // namespace

extern const std::span<const LayerClass> kCoreLayers;
const std::span<const LayerClass> kCoreLayers = kClasses;

}  // namespace ckptdiff
