// Attention. The multi-head layers hold an EinsumDense for each projection,
// kernel [d, heads, head size], under attributes that differ by version.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/kernels.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// The size of the last axis of this argument of the call. Keras 2 writes the
// shapes into the config, too.
int64_t LastDim(const LayerBuilder& b, std::string_view argument,
                size_t position) {
  const TensorArg* arg = b.call().Find(argument, position);
  Shape shape = arg != nullptr ? arg->shapes[0] : Shape::Unknown();
  if (!shape.known) {
    const Json* told =
        Member(b.config().json(), fmt::format("{}_shape", argument));
    if (told != nullptr) shape = ShapeFromJson(*told);
  }
  return shape.known && !shape.dims.empty() ? shape.dims.back() : kUnknownDim;
}

int64_t KeyDim(const LayerBuilder& b, int64_t value_dim) {
  if (b.call().Find("key", 2) == nullptr && !b.config().Has("key_shape")) {
    return value_dim;
  }
  return LastDim(b, "key", 2);
}

struct Projection {
  const char* attribute;
  const char* name;
  std::vector<int64_t> kernel;
  size_t bias_axes;  // how many of the last axes the bias has
};

// The last axes of the kernel are kept, those before are summed over.
void AddProjection(LayerBuilder& b, const Projection& projection) {
  LayerBuilder dense =
      b.Child(projection.attribute, "EinsumDense", projection.name);
  const std::vector<int64_t>& kernel = projection.kernel;
  size_t summed = kernel.size() - projection.bias_axes;
  Shape kept = Shape::Of(
      {kernel.begin() + static_cast<std::ptrdiff_t>(summed), kernel.end()});
  KernelSpec spec = {.name = "kernel",
                     .shape = Shape::Of(kernel),
                     .scale = Shape::Unknown(),
                     .matrix = Shape::Of({1, 1})};
  for (size_t i = 0; i < kernel.size(); ++i) {
    int64_t& size = spec.matrix.dims[i < summed ? 0 : 1];
    size = MulDim(size, kernel[i]);
  }
  // One for each of them, and one for all along the axes of the input.
  if (b.input().known && !b.input().dims.empty()) {
    spec.scale = kept;
    spec.scale.dims.insert(spec.scale.dims.begin(), b.input().dims.size() - 1,
                           1);
  }
  bool has_bias = b.config().Flag("use_bias", true);
  AddQuantizedKernel(dense, spec, has_bias ? std::optional(kept) : std::nullopt,
                     b.config().state().quantization);
}

void BuildMultiHeadAttention(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  bool keras3 = b.keras3();
  b.layer().hides_freezing = keras3;
  int64_t heads = config.Size("num_heads");
  int64_t key_dim = config.Size("key_dim");
  int64_t value_dim = config.OptionalSize("value_dim").value_or(key_dim);
  int64_t query = LastDim(b, "query", 0);
  int64_t value = LastDim(b, "value", 1);
  int64_t key = KeyDim(b, value);
  AddProjection(b, {keras3 ? "query_dense" : "_query_dense",
                    "query",
                    {query, heads, key_dim},
                    2});
  AddProjection(
      b,
      {keras3 ? "key_dense" : "_key_dense", "key", {key, heads, key_dim}, 2});
  if (config.Flag("use_gate", false)) {
    AddProjection(b, {"_gate_dense", "gate", {query, heads, value_dim}, 2});
  }
  AddProjection(b, {keras3 ? "value_dense" : "_value_dense",
                    "value",
                    {value, heads, value_dim},
                    2});
  std::vector<int64_t> output = {heads, value_dim};
  std::vector<int64_t> sizes = config.Ints("output_shape");
  if (sizes.empty()) sizes = {query};
  output.insert(output.end(), sizes.begin(), sizes.end());
  AddProjection(b, {keras3 ? "output_dense" : "_output_dense",
                    "attention_output", output, sizes.size()});
}

std::vector<Shape> MultiHeadOutput(const LayerConfig& config,
                                   const LayerCall& call) {
  Shape shape = call.First();
  std::vector<int64_t> sizes = config.Ints("output_shape");
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  if (!sizes.empty()) {
    shape.dims.pop_back();
    shape.dims.insert(shape.dims.end(), sizes.begin(), sizes.end());
  }
  return {shape};
}

void BuildGroupedQueryAttention(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  b.layer().hides_freezing = true;
  int64_t heads = config.Size("num_query_heads");
  int64_t groups = config.Size("num_key_value_heads");
  int64_t head_dim = config.Size("head_dim");
  int64_t query = LastDim(b, "query", 0);
  int64_t value = LastDim(b, "value", 1);
  int64_t key = KeyDim(b, value);
  AddProjection(b, {"_query_dense", "query", {query, heads, head_dim}, 2});
  AddProjection(b, {"_key_dense", "key", {key, groups, head_dim}, 2});
  if (config.Flag("use_gate", false)) {
    AddProjection(b, {"_gate_dense", "gate", {query, heads, head_dim}, 2});
  }
  AddProjection(b, {"_value_dense", "value", {value, groups, head_dim}, 2});
  AddProjection(
      b, {"_output_dense", "attention_output", {heads, head_dim, query}, 1});
}

void BuildAttention(LayerBuilder& b) {
  if (b.config().Flag("use_scale", false)) b.AddShape("scale", Shape::Of({}));
  if (b.config().Text("score_mode", "dot") == "concat") {
    b.AddShape("concat_score_weight", Shape::Of({}));
  }
}

void BuildAdditiveAttention(LayerBuilder& b) {
  if (b.config().Flag("use_scale", true)) b.Add("scale", {b.Dim(-1)});
}

// [query, value, key]: as many rows as the query, as wide as the value.
std::vector<Shape> AttentionOutput(const LayerConfig&, const LayerCall& call) {
  std::vector<Shape> inputs = call.All();
  if (inputs.size() < 2 || !inputs[0].known || !inputs[1].known ||
      inputs[0].dims.empty() || inputs[1].dims.empty()) {
    return {Shape::Unknown()};
  }
  Shape shape = inputs[0];
  shape.dims.back() = inputs[1].dims.back();
  return {shape};
}

constexpr LayerClass kClasses[] = {
    {"AdditiveAttention", BuildAdditiveAttention, AttentionOutput},
    {"Attention", BuildAttention, AttentionOutput},
    {"GroupQueryAttention", BuildGroupedQueryAttention},
    {"GroupedQueryAttention", BuildGroupedQueryAttention},
    {"MultiHeadAttention", BuildMultiHeadAttention, MultiHeadOutput},
};

}  // namespace

extern const std::span<const LayerClass> kAttentionLayers;
const std::span<const LayerClass> kAttentionLayers = kClasses;

}  // namespace ckptdiff
