// Pooling: no variables, other shapes.

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_class.h"

namespace ckptdiff {
namespace {

template <size_t rank>
std::vector<Shape> PoolOutput(const LayerConfig& config,
                              const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> size =
      config.Sizes({"pool_size", "pool_length"}, rank, 2);
  std::vector<int64_t> strides = size;
  if (config.Has("strides")) strides = config.Sizes({"strides"}, rank, 1);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.dims[first + i] =
        WindowDim(shape.dims[first + i], size[i], strides[i],
                  config.Text("padding", config.Text("border_mode", "valid")));
  }
  return {shape};
}

template <size_t rank>
std::vector<Shape> GlobalOutput(const LayerConfig& config,
                                const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  int64_t channels = shape.dims[config.ChannelAxis(shape.dims.size())];
  if (!config.Flag("keepdims", false)) {
    return {Shape::Of({shape.dims[0], channels})};
  }
  for (size_t i = 1; i < shape.dims.size(); ++i) shape.dims[i] = 1;
  shape.dims[config.ChannelAxis(shape.dims.size())] = channels;
  return {shape};
}

template <size_t rank>
std::vector<Shape> AdaptiveOutput(const LayerConfig& config,
                                  const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> size = config.Sizes({"output_size"}, rank, {});
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) shape.dims[first + i] = size[i];
  return {shape};
}

constexpr LayerClass kClasses[] = {
    {"AdaptiveAveragePooling1D", nullptr, AdaptiveOutput<1>},
    {"AdaptiveAveragePooling2D", nullptr, AdaptiveOutput<2>},
    {"AdaptiveAveragePooling3D", nullptr, AdaptiveOutput<3>},
    {"AdaptiveMaxPooling1D", nullptr, AdaptiveOutput<1>},
    {"AdaptiveMaxPooling2D", nullptr, AdaptiveOutput<2>},
    {"AdaptiveMaxPooling3D", nullptr, AdaptiveOutput<3>},
    {"AveragePooling1D", nullptr, PoolOutput<1>},
    {"AveragePooling2D", nullptr, PoolOutput<2>},
    {"AveragePooling3D", nullptr, PoolOutput<3>},
    {"GlobalAveragePooling1D", nullptr, GlobalOutput<1>},
    {"GlobalAveragePooling2D", nullptr, GlobalOutput<2>},
    {"GlobalAveragePooling3D", nullptr, GlobalOutput<3>},
    {"GlobalMaxPooling1D", nullptr, GlobalOutput<1>},
    {"GlobalMaxPooling2D", nullptr, GlobalOutput<2>},
    {"GlobalMaxPooling3D", nullptr, GlobalOutput<3>},
    {"MaxPooling1D", nullptr, PoolOutput<1>},
    {"MaxPooling2D", nullptr, PoolOutput<2>},
    {"MaxPooling3D", nullptr, PoolOutput<3>},
};

}  // namespace

extern const std::span<const LayerClass> kPoolingLayers;
const std::span<const LayerClass> kPoolingLayers = kClasses;

}  // namespace ckptdiff
