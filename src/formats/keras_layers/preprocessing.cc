// Preprocessing: tables and statistics of these layers are no variables (but
// for Normalization, which stands with its kin); what matters is the shape.

#include <fmt/format.h>

#include "formats/keras_layers/dims.h"
#include "formats/keras_layers/layer_builder.h"

namespace ckptdiff {
namespace {

// [batch, height, width, channels], without batch too.
std::vector<Shape> ImageOutput(const LayerConfig& config,
                               const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() < 3) return {Shape::Unknown()};
  size_t height = shape.dims.size() - (config.ChannelsFirst() ? 2 : 3);
  shape.dims[height] = config.Size("height");
  shape.dims[height + 1] = config.Size("width");
  return {shape};
}

std::vector<Shape> RandomHeightOutput(const LayerConfig&,
                                      const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() < 3) return {Shape::Unknown()};
  shape.dims[shape.dims.size() - 3] = kUnknownDim;
  return {shape};
}

std::vector<Shape> RandomWidthOutput(const LayerConfig&,
                                     const LayerCall& call) {
  Shape shape = call.First();
  if (!shape.known || shape.dims.size() < 3) return {Shape::Unknown()};
  shape.dims[shape.dims.size() - 2] = kUnknownDim;
  return {shape};
}

// One category a place becomes a row of `depth` numbers: one row each
// ("one_hot") or one for all places ("multi_hot", "count", "tf_idf").
Shape Encoded(const LayerCall& call, std::string_view mode, int64_t depth) {
  Shape shape = call.First();
  if (!shape.known || mode.empty() || mode == "int") return shape;
  if (mode == "one_hot") {
    bool one_place = shape.dims.size() > 1 && shape.dims.back() == 1;
    if (one_place) shape.dims.pop_back();
  } else if (shape.dims.size() > 1) {
    shape.dims.pop_back();
  }
  shape.dims.push_back(depth);
  return shape;
}

std::vector<Shape> CategoryOutput(const LayerConfig& config,
                                  const LayerCall& call) {
  return {Encoded(call, config.Text("output_mode", "multi_hot"),
                  config.OptionalSize("num_tokens").value_or(kUnknownDim))};
}

std::vector<Shape> HashingOutput(const LayerConfig& config,
                                 const LayerCall& call) {
  return {Encoded(call, config.Text("output_mode", "int"),
                  config.OptionalSize("num_bins").value_or(kUnknownDim))};
}

std::vector<Shape> DiscretizationOutput(const LayerConfig& config,
                                        const LayerCall& call) {
  int64_t bins = kUnknownDim;
  const Json* bounds = Member(config.json(), "bin_boundaries");
  if (bounds != nullptr && bounds->is_array()) {
    bins = static_cast<int64_t>(bounds->size()) + 1;
  } else if (config.Has("num_bins")) {
    bins = config.Size("num_bins");
  }
  return {Encoded(call, config.Text("output_mode", "int"), bins)};
}

// Keras 2 keeps what adapt() has seen so far, and the weights of the words
// under a name that counts all such variables of the program.
void BuildDiscretization(LayerBuilder& b) {
  if (b.keras3() || b.config().Has("bin_boundaries")) return;
  b.Add("summary", {2, kUnknownDim}, {.trainable = false, .dtype = "float32"});
}

void BuildLookup(LayerBuilder& b) {
  std::string mode = b.config().Text("output_mode", "int");
  if (!b.keras3() && (mode == "tf_idf" || mode == "tf-idf")) {
    b.layer().known = false;
  }
}

std::vector<Shape> LookupOutput(const LayerConfig& config,
                                const LayerCall& call) {
  int64_t depth = kUnknownDim;
  if (config.Flag("pad_to_max_tokens", false) && config.Has("max_tokens")) {
    depth = config.Size("max_tokens");
  } else if (config.Has("vocabulary_size")) {
    depth = config.Size("vocabulary_size");
  }
  return {Encoded(call, config.Text("output_mode", "int"), depth)};
}

std::vector<Shape> TextVectorizationOutput(const LayerConfig& config,
                                           const LayerCall& call) {
  if (config.Text("output_mode", "int") != "int") {
    return LookupOutput(config, call);
  }
  Shape shape = call.First();
  if (!shape.known || shape.dims.empty()) return {Shape::Unknown()};
  if (shape.dims.size() == 1 || shape.dims.back() != 1) {
    shape.dims.push_back(1);
  }
  shape.dims.back() =
      config.OptionalSize("output_sequence_length").value_or(kUnknownDim);
  return {shape};
}

std::vector<Shape> UnknownOutput(const LayerConfig&, const LayerCall&) {
  return {Shape::Unknown()};
}

// The transform as a convolution, whose kernels can be trained.
void BuildStft(LayerBuilder& b) {
  const LayerConfig& config = b.config();
  int64_t frame = config.Size("frame_length");
  int64_t length = 1;
  while (length < frame) length *= 2;
  length = config.OptionalSize("fft_length").value_or(length);
  std::string mode = config.Text("mode", "log");
  std::vector<int64_t> kernel = {frame, 1, length / 2 + 1};
  if (mode != "imag") b.Add("real_kernel", kernel);
  if (mode != "real") b.Add("imag_kernel", kernel);
}

// Layers in a row, each with what the one before it returns.
void BuildPipeline(LayerBuilder& b) {
  const Json* layers = Member(b.config().json(), "layers");
  if (layers == nullptr || !layers->is_array()) return;
  LayerCall call = b.call();
  for (const Json& layer : *layers) {
    b.Layer("layers", layer, call, LayerBuilder::Scope::kOwn, {}, true);
    call =
        LayerCall::Of(SerializedOutputs(b.config().state(), layer, call).at(0));
  }
}

constexpr LayerClass kClasses[] = {
    {"AugMix"},
    {"AutoContrast"},
    {"CategoryEncoding", nullptr, CategoryOutput},
    {"CenterCrop", nullptr, ImageOutput},
    {"ContrastLimitedAdaptiveHistogramEqualization"},
    {"CutMix"},
    {"Discretization", BuildDiscretization, DiscretizationOutput},
    {"Equalization"},
    {"HashedCrossing", nullptr, UnknownOutput},
    {"Hashing", nullptr, HashingOutput},
    {"IntegerLookup", BuildLookup, LookupOutput},
    {"MaxNumBoundingBoxes"},
    {"MelSpectrogram", nullptr, UnknownOutput},
    {"MixUp"},
    {"Pipeline", BuildPipeline, UnknownOutput},
    {"RandAugment"},
    {"RandomBrightness"},
    {"RandomColorDegeneration"},
    {"RandomColorJitter"},
    {"RandomContrast"},
    {"RandomCrop", nullptr, ImageOutput},
    {"RandomElasticTransform"},
    {"RandomErasing"},
    {"RandomFlip"},
    {"RandomGaussianBlur"},
    {"RandomGrayscale"},
    {"RandomHeight", nullptr, RandomHeightOutput},
    {"RandomHue"},
    {"RandomInvert"},
    {"RandomPerspective"},
    {"RandomPosterization"},
    {"RandomRotation"},
    {"RandomSaturation"},
    {"RandomSharpness"},
    {"RandomShear"},
    {"RandomTranslation"},
    {"RandomWidth", nullptr, RandomWidthOutput},
    {"RandomZoom"},
    {"Rescaling"},
    {"Resizing", nullptr, ImageOutput},
    {"STFTSpectrogram", BuildStft, UnknownOutput},
    {"Solarization"},
    {"StringLookup", BuildLookup, LookupOutput},
    {"TextVectorization", BuildLookup, TextVectorizationOutput},
};

}  // namespace

extern const std::span<const LayerClass> kPreprocessingLayers;
const std::span<const LayerClass> kPreprocessingLayers = kClasses;

}  // namespace ckptdiff
