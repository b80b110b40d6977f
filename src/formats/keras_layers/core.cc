// Dense layers and embeddings, and the layers that start or hold a graph.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/einsum.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// A quantised layer keeps its matrix as int8 with a scale; what other modes
// keep is not known here.
void AddMatrix(LayerBuilder& b, std::string_view name, Shape shape,
               Shape scale) {
  std::string mode = b.config().QuantizationMode();
  if (mode == "int8") {
    b.AddShape(name, std::move(shape), {.trainable = false, .dtype = "int8"});
    b.AddShape(std::string(name) + "_scale", std::move(scale),
               {.trainable = false});
    return;
  }
  if (!mode.empty() && mode != "float8") b.layer().known = false;
  b.AddShape(name, std::move(shape));
}

// Scales and the largest values of the last steps, of what goes in and out.
void AddFloat8State(LayerBuilder& b) {
  if (b.config().QuantizationMode() != "float8") return;
  const Json* policy = Member(*Member(b.config().json(), "dtype"), "config");
  int64_t length = 1024;
  if (policy != nullptr) length = IntOr(*policy, "amax_history_length", 1024);
  for (std::string_view what : {"inputs", "kernel", "outputs_grad"}) {
    b.AddShape(fmt::format("{}_scale", what), Shape::Of({}));
    b.Add(fmt::format("{}_amax_history", what), {length});
  }
}

void BuildDense(LayerBuilder& b) {
  int64_t units = b.config().Size({"units", "output_dim"});
  AddMatrix(b, "kernel", Shape::Of({b.Dim(-1), units}), Shape::Of({units}));
  if (b.config().Flag("use_bias", b.config().Flag("bias", true))) {
    b.Add("bias", {units});
  }
  AddFloat8State(b);
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
  AddMatrix(b, "kernel", einsum.kernel, einsum.scale);
  if (einsum.bias) b.AddShape("bias", *einsum.bias);
  AddFloat8State(b);
}

std::vector<Shape> EinsumDenseOutput(const LayerConfig& config,
                                     const LayerCall& call) {
  return {ResolveEinsum(config, call.First()).output};
}

void BuildEmbedding(LayerBuilder& b) {
  int64_t rows = b.config().Size("input_dim");
  AddMatrix(b, "embeddings", Shape::Of({rows, b.config().Size("output_dim")}),
            Shape::Of({rows}));
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
