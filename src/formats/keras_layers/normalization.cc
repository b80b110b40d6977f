// Normalization: scales and offsets, and the statistics that are not trained.

#include <fmt/format.h>

#include <algorithm>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// The axes of the input that `name` lists (-1 where it is absent), ascending.
std::vector<size_t> Axes(const LayerBuilder& b, std::string_view name) {
  std::vector<size_t> axes;
  Shape input = b.input();
  if (!input.known) return axes;
  std::vector<int64_t> listed = b.config().Ints(name);
  if (listed.empty() && !b.config().Has(name)) listed = {-1};
  for (int64_t axis : listed) {
    size_t position = NormalizeAxis(axis, input.dims.size());
    if (position == input.dims.size()) {
      b.config().Fail(
          fmt::format("its input has no axis {}: {}", axis, ToString(input)));
    }
    axes.push_back(position);
  }
  return axes;
}

Shape AxesShape(const LayerBuilder& b, const std::vector<size_t>& axes) {
  if (!b.input().known) return Shape::Unknown();
  Shape shape = Shape::Of({});
  for (size_t axis : axes) shape.dims.push_back(b.input().dims[axis]);
  return shape;
}

// The fused kernel of Keras 2 wants floats whatever the layer computes in.
std::string_view StatisticsDType(const LayerBuilder& b) {
  std::string policy = b.config().VariableDType();
  bool half = policy == "float16" || policy == "bfloat16";
  return half && !b.keras3() ? "float32" : std::string_view();
}

void BuildBatchNormalization(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  std::vector<size_t> axes = Axes(b, "axis");
  Shape shape = AxesShape(b, axes);
  if (axes.size() > 1) {
    std::vector<int64_t> dims(b.input().dims.size(), 1);
    for (size_t axis : axes) dims[axis] = b.input().dims[axis];
    shape = Shape::Of(std::move(dims));
  }
  std::string_view dtype = StatisticsDType(b);
  if (config.Flag("scale", true)) b.AddShape("gamma", shape, {true, dtype});
  if (config.Flag("center", true)) b.AddShape("beta", shape, {true, dtype});
  b.AddShape("moving_mean", shape, {false, dtype});
  b.AddShape("moving_variance", shape, {false, dtype});
  if (!config.Flag("renorm", false)) return;
  b.AddShape("moving_stddev", shape, {false, dtype});
  b.AddShape("renorm_mean", shape, {false, dtype});
  b.AddShape("renorm_stddev", shape, {false, dtype});
}

void BuildLayerNormalization(LayerBuilder& b) {
  Shape shape = AxesShape(b, Axes(b, "axis"));
  const LayerConfig& config = b.config();
  if (config.Flag("rms_scaling", false)) {
    b.AddShape("gamma", shape);
    return;
  }
  if (config.Flag("scale", true)) b.AddShape("gamma", shape);
  if (config.Flag("center", true)) b.AddShape("beta", shape);
}

void BuildRmsNormalization(LayerBuilder& b) {
  b.AddShape("scale", AxesShape(b, Axes(b, "axis")));
}

// Given `mean` and `variance` are constants. Keras 2 keeps what it computes in.
void BuildNormalization(LayerBuilder& b) {
  if (b.config().Has("mean") || b.config().Has("variance")) return;
  std::vector<size_t> axes = Axes(b, "axis");
  // Python's None: one mean for all.
  const Json* axis = Member(b.config().json(), "axis");
  if (axis != nullptr && axis->is_null()) axes.clear();
  std::sort(axes.begin(), axes.end());
  Shape shape = AxesShape(b, axes);
  std::string dtype =
      b.keras3() ? b.config().VariableDType() : b.config().ComputeDType();
  b.AddShape("mean", shape, {.trainable = false, .dtype = dtype});
  b.AddShape("variance", shape, {.trainable = false, .dtype = dtype});
  b.AddShape("count", Shape::Of({}), {.trainable = false, .dtype = "int64"});
}

constexpr LayerClass kClasses[] = {
    {"BatchNormalization", BuildBatchNormalization},
    {"BatchNormalizationV1", BuildBatchNormalization},
    {"BatchNormalizationV2", BuildBatchNormalization},
    {"GroupNormalization", BuildLayerNormalization},
    {"LayerNormalization", BuildLayerNormalization},
    {"Normalization", BuildNormalization},
    {"RMSNormalization", BuildRmsNormalization},
    {"SyncBatchNormalization", BuildBatchNormalization},
    {"UnitNormalization"},
};

}  // namespace

extern const std::span<const LayerClass> kNormalizationLayers;
const std::span<const LayerClass> kNormalizationLayers = kClasses;

}  // namespace ckptdiff
