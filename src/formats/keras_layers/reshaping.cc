// Layers that move, repeat, cut or pad axes.

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_class.h"

namespace ckptdiff {
namespace {

std::vector<Shape> FlattenOutput(const LayerConfig&, const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  return {
      Shape::Of({shape.dims[0], ProductDim(shape.dims, 1, shape.dims.size())})};
}

std::vector<Shape> PermuteOutput(const LayerConfig& config,
                                 const LayerCall& call) {
  Shape shape = call.First();
  std::vector<int64_t> order = config.Ints("dims");
  if (!shape.known || order.size() + 1 != shape.dims.size()) {
    return {Shape::Unknown()};
  }
  Shape result = shape;
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] < 1 || order[i] >= static_cast<int64_t>(shape.dims.size())) {
      config.Fail("\"dims\" is no order of the axes of its input");
    }
    result.dims[i + 1] = shape.dims[static_cast<size_t>(order[i])];
  }
  return {result};
}

std::vector<Shape> RepeatVectorOutput(const LayerConfig& config,
                                      const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != 2) return {Shape::Unknown()};
  return {Shape::Of({shape.dims[0], config.Size("n"), shape.dims[1]})};
}

// One -1 in `target_shape` takes what is left.
std::vector<Shape> ReshapeOutput(const LayerConfig& config,
                                 const LayerCall& call) {
  const Json* target = Member(config.json(), "target_shape");
  if (target == nullptr || !target->is_array()) return {Shape::Unknown()};
  Shape shape = call.First();
  Shape result = Shape::Of(
      {shape.known && !shape.dims.empty() ? shape.dims[0] : kUnknownDim});
  size_t open = 0;
  int64_t known = 1;
  for (const Json& item : *target) {
    int64_t dim = item.is_number_integer() ? item.get<int64_t>() : -1;
    if (dim < 0) {
      if (open != 0) return {Shape::Unknown()};
      open = result.dims.size();
      dim = kUnknownDim;
    } else {
      known = MulDim(known, dim);
    }
    result.dims.push_back(dim);
  }
  if (open == 0 || !shape.known || shape.dims.empty() || known == 0) {
    return {result};
  }
  int64_t all = ProductDim(shape.dims, 1, shape.dims.size());
  if (all != kUnknownDim) {
    if (all % known != 0)
      config.Fail("\"target_shape\" does not fit its input");
    result.dims[open] = all / known;
  }
  return {result};
}

template <size_t rank>
std::vector<Shape> UpSamplingOutput(const LayerConfig& config,
                                    const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> size = config.Sizes({"size", "length"}, rank, 2);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.dims[first + i] = MulDim(shape.dims[first + i], size[i]);
  }
  return {shape};
}

// What is added to or cut from both ends of an axis together: one number goes
// for all ends, one an axis for both its ends, else each end has its own.
std::vector<int64_t> EndsOf(const LayerConfig& config, std::string_view name,
                            size_t rank) {
  const Json* json = Member(config.json(), name);
  std::vector<int64_t> sums(rank, kUnknownDim);
  if (json == nullptr) return sums;
  auto whole = [](const Json& value) {
    return value.is_number_integer() ? value.get<int64_t>() : kUnknownDim;
  };
  auto twice = [](int64_t end) { return MulDim(end, 2); };
  if (!json->is_array()) {
    return std::vector<int64_t>(rank, twice(whole(*json)));
  }
  if (rank == 1 && json->size() == 2) {
    return {AddDim(whole((*json)[0]), whole((*json)[1]))};
  }
  if (json->size() != rank) return sums;
  for (size_t i = 0; i < rank; ++i) {
    const Json& ends = (*json)[i];
    if (ends.is_array() && ends.size() == 2) {
      sums[i] = AddDim(whole(ends[0]), whole(ends[1]));
    } else {
      sums[i] = twice(whole(ends));
    }
  }
  return sums;
}

template <size_t rank>
std::vector<Shape> PaddingOutput(const LayerConfig& config,
                                 const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> added = EndsOf(config, "padding", rank);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.dims[first + i] = AddDim(shape.dims[first + i], added[i]);
  }
  return {shape};
}

template <size_t rank>
std::vector<Shape> CroppingOutput(const LayerConfig& config,
                                  const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() != rank + 2) return {Shape::Unknown()};
  std::vector<int64_t> cut = EndsOf(config, "cropping", rank);
  size_t first = config.ChannelsFirst() ? 2 : 1;
  for (size_t i = 0; i < rank; ++i) {
    int64_t& dim = shape.dims[first + i];
    bool open = dim == kUnknownDim || cut[i] == kUnknownDim || cut[i] > dim;
    dim = open ? kUnknownDim : dim - cut[i];
  }
  return {shape};
}

constexpr LayerClass kClasses[] = {
    {"Cropping1D", nullptr, CroppingOutput<1>},
    {"Cropping2D", nullptr, CroppingOutput<2>},
    {"Cropping3D", nullptr, CroppingOutput<3>},
    {"Flatten", nullptr, FlattenOutput},
    {"Permute", nullptr, PermuteOutput},
    {"RepeatVector", nullptr, RepeatVectorOutput},
    {"Reshape", nullptr, ReshapeOutput},
    {"UpSampling1D", nullptr, UpSamplingOutput<1>},
    {"UpSampling2D", nullptr, UpSamplingOutput<2>},
    {"UpSampling3D", nullptr, UpSamplingOutput<3>},
    {"ZeroPadding1D", nullptr, PaddingOutput<1>},
    {"ZeroPadding2D", nullptr, PaddingOutput<2>},
    {"ZeroPadding3D", nullptr, PaddingOutput<3>},
};

}  // namespace

extern const std::span<const LayerClass> kReshapingLayers;
const std::span<const LayerClass> kReshapingLayers = kClasses;

}  // namespace ckptdiff
