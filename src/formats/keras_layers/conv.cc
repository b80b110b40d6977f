// Convolutions: plain, transposed, depthwise, separable, locally connected.
// Kernels are k… + [in / groups, filters], whatever `data_format` says.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/kernels.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// Along one axis; above, the windows are not walked one by one.
constexpr int64_t kMostPlaces = 1 << 20;

bool HasBias(const LayerConfig& config) {
  return config.Flag("use_bias", config.Flag("bias", true));
}

int64_t Filters(const LayerConfig& config) {
  return config.Size({"filters", "nb_filter"});
}

std::vector<int64_t> With(std::vector<int64_t> dims, int64_t a, int64_t b) {
  dims.push_back(a);
  dims.push_back(b);
  return dims;
}

template <size_t rank>
std::vector<int64_t> KernelSize(const LayerConfig& config) {
  return config.Sizes({"kernel_size"}, rank, std::nullopt);
}

template <size_t rank>
void BuildConv(LayerBuilder& b) {
  int64_t groups = b.config().Int("groups", 1);
  int64_t channels = b.Channels();
  if (groups < 1 || (channels != kUnknownDim && channels % groups != 0)) {
    b.config().Fail(fmt::format("{} channels do not fall into {} groups",
                                channels, groups));
  }
  int64_t filters = Filters(b.config());
  std::optional<Shape> bias;
  if (HasBias(b.config())) bias = Shape::Of({filters});
  if (channels != kUnknownDim) channels /= groups;
  AddKernel(b,
            {.name = "kernel",
             .shape = Shape::Of(
                 With(KernelSize<rank>(b.config()), channels, filters))},
            bias);
}

template <size_t rank>
void BuildTransposed(LayerBuilder& b) {
  int64_t filters = Filters(b.config());
  b.Add("kernel", With(KernelSize<rank>(b.config()), filters, b.Channels()));
  if (HasBias(b.config())) b.Add("bias", {filters});
}

template <size_t rank>
void BuildDepthwise(LayerBuilder& b) {
  int64_t multiplier = b.config().Int("depth_multiplier", 1);
  b.Add(b.keras3() ? "kernel" : "depthwise_kernel",
        With(KernelSize<rank>(b.config()), b.Channels(), multiplier));
  if (HasBias(b.config())) b.Add("bias", {MulDim(b.Channels(), multiplier)});
}

template <size_t rank>
void BuildSeparable(LayerBuilder& b) {
  int64_t multiplier = b.config().Int("depth_multiplier", 1);
  int64_t filters = Filters(b.config());
  b.Add("depthwise_kernel",
        With(KernelSize<rank>(b.config()), b.Channels(), multiplier));
  b.Add("pointwise_kernel", With(std::vector<int64_t>(rank, 1),
                                 MulDim(b.Channels(), multiplier), filters));
  if (HasBias(b.config())) b.Add("bias", {filters});
}

// What one spatial axis of this length becomes.
using AxisFunction = int64_t (*)(const LayerConfig&, int64_t length,
                                 size_t axis, size_t rank);

int64_t ConvAxis(const LayerConfig& config, int64_t length, size_t axis,
                 size_t rank) {
  return WindowDim(length, config.Sizes({"kernel_size"}, rank, {})[axis],
                   config.Sizes({"strides"}, rank, 1)[axis],
                   config.Text("padding", "valid"),
                   config.Sizes({"dilation_rate"}, rank, 1)[axis]);
}

int64_t TransposedAxis(const LayerConfig& config, int64_t length, size_t axis,
                       size_t rank) {
  if (length == kUnknownDim) return length;
  int64_t stride = config.Sizes({"strides"}, rank, 1)[axis];
  int64_t dilation = config.Sizes({"dilation_rate"}, rank, 1)[axis];
  int64_t kernel = config.Sizes({"kernel_size"}, rank, {})[axis];
  int64_t reach = AddDim(MulDim(std::max<int64_t>(kernel - 1, 0), dilation), 1);
  bool same = config.Text("padding", "valid") == "same";
  if (!config.Has("output_padding")) {
    int64_t grown = MulDim(length, stride);
    return same ? grown : AddDim(grown, std::max<int64_t>(reach - stride, 0));
  }
  int64_t extra = config.Sizes({"output_padding"}, rank, 0)[axis];
  int64_t result = AddDim(
      AddDim(MulDim(std::max<int64_t>(length - 1, 0), stride), reach), extra);
  return same ? result - 2 * (reach / 2) : result;
}

Shape Spatial(const LayerConfig& config, const LayerCall& call, size_t rank,
              int64_t channels, AxisFunction axis_function) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() < rank + 2) return Shape::Unknown();
  size_t size = shape.dims.size();
  size_t first = config.ChannelsFirst() ? size - rank : size - rank - 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.dims[first + i] =
        axis_function(config, shape.dims[first + i], i, rank);
  }
  shape.dims[config.ChannelsFirst() ? 1 : size - 1] = channels;
  return shape;
}

template <size_t rank, AxisFunction axis_function>
std::vector<Shape> FiltersOutput(const LayerConfig& config,
                                 const LayerCall& call) {
  return {Spatial(config, call, rank, Filters(config), axis_function)};
}

template <size_t rank>
std::vector<Shape> DepthwiseOutput(const LayerConfig& config,
                                   const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  int64_t channels = shape.dims[config.ChannelAxis(shape.dims.size())];
  return {Spatial(config, call, rank,
                  MulDim(channels, config.Int("depth_multiplier", 1)),
                  ConvAxis)};
}

// How many places of the input all windows along one axis see together: those
// at the ends see less where the input is padded.
int64_t PlacesSeen(const LayerConfig& config, int64_t in, int64_t out,
                   int64_t window, int64_t stride) {
  if (in == kUnknownDim || out == kUnknownDim) return kUnknownDim;
  int64_t left = window / 2;
  int64_t middle = config.Text("padding", "valid") == "valid" ? left : 0;
  int64_t seen = 0;
  for (int64_t i = 0; i < std::min(out, kMostPlaces); ++i) {
    int64_t at = i * stride + middle;
    seen += std::min(in, at + window - left) - std::max<int64_t>(0, at - left);
  }
  return out > kMostPlaces ? kUnknownDim : seen;
}

// Every place of the output has a kernel of its own. `implementation` 1 keeps
// them as matrices, 2 as one large mask, 3 as the list of what is not zero.
template <size_t rank>
void BuildLocallyConnected(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  int64_t filters = Filters(config);
  Shape out = Spatial(config, b.call(), rank, filters, ConvAxis);
  std::vector<int64_t> in_places(rank, kUnknownDim);
  std::vector<int64_t> out_places(rank, kUnknownDim);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank && out.known; ++i) {
    in_places[i] = b.input().dims[first + i];
    out_places[i] = out.dims[first + i];
  }
  std::vector<int64_t> window = KernelSize<rank>(config);
  int64_t weights = ProductDim(window, 0, rank);
  int64_t places = ProductDim(out_places, 0, rank);
  switch (config.Int("implementation", 1)) {
    case 1:
      b.Add("kernel", {places, MulDim(weights, b.Channels()), filters});
      break;
    case 2: {
      bool front = config.ChannelsFirst();
      std::vector<int64_t> dims = in_places;
      dims.insert(front ? dims.begin() : dims.end(), b.Channels());
      size_t half = dims.size();
      dims.insert(dims.end(), out_places.begin(), out_places.end());
      dims.insert(
          front ? dims.begin() + static_cast<int64_t>(half) : dims.end(),
          filters);
      b.Add("kernel", dims);
      break;
    }
    default: {
      int64_t entries = MulDim(b.Channels(), filters);
      std::vector<int64_t> strides = config.Sizes({"strides"}, rank, 1);
      for (size_t i = 0; i < rank; ++i) {
        entries =
            MulDim(entries, PlacesSeen(config, in_places[i], out_places[i],
                                       window[i], strides[i]));
      }
      b.Add("kernel", {entries});
    }
  }
  if (!HasBias(config)) return;
  std::vector<int64_t> bias = out_places;
  bias.push_back(filters);
  b.Add("bias", bias);
}

constexpr LayerClass kClasses[] = {
    {"Conv1D", BuildConv<1>, FiltersOutput<1, ConvAxis>},
    {"Conv1DTranspose", BuildTransposed<1>, FiltersOutput<1, TransposedAxis>},
    {"Conv2D", BuildConv<2>, FiltersOutput<2, ConvAxis>},
    {"Conv2DTranspose", BuildTransposed<2>, FiltersOutput<2, TransposedAxis>},
    {"Conv3D", BuildConv<3>, FiltersOutput<3, ConvAxis>},
    {"Conv3DTranspose", BuildTransposed<3>, FiltersOutput<3, TransposedAxis>},
    {"DepthwiseConv1D", BuildDepthwise<1>, DepthwiseOutput<1>},
    {"DepthwiseConv2D", BuildDepthwise<2>, DepthwiseOutput<2>},
    {"LocallyConnected1D", BuildLocallyConnected<1>,
     FiltersOutput<1, ConvAxis>},
    {"LocallyConnected2D", BuildLocallyConnected<2>,
     FiltersOutput<2, ConvAxis>},
    {"SeparableConv1D", BuildSeparable<1>, FiltersOutput<1, ConvAxis>},
    {"SeparableConv2D", BuildSeparable<2>, FiltersOutput<2, ConvAxis>},
};

}  // namespace

extern const std::span<const LayerClass> kConvLayers;
const std::span<const LayerClass> kConvLayers = kClasses;

}  // namespace ckptdiff
