#include "formats/keras_layers/layer_class.h"

#include <map>

// One line a family; within each file, one entry a class.
#define CKPTDIFF_KERAS_FAMILIES(X) \
  X(kAttentionLayers) \
  X(kConvLayers) \
  X(kCoreLayers) \
  X(kElementwiseLayers) \
  X(kMergingLayers) \
  X(kNormalizationLayers) \
  X(kPoolingLayers) \
  X(kPreprocessingLayers) \
  X(kRecurrentLayers) \
  X(kReshapingLayers) \
  X(kTensorOperations) \
  X(kWrapperLayers)

namespace ckptdiff {

#define CKPTDIFF_DECLARE(family) \
  extern const std::span<const LayerClass> family;
CKPTDIFF_KERAS_FAMILIES(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

namespace {

std::map<std::string_view, const LayerClass*> AllClasses() {
  std::map<std::string_view, const LayerClass*> all;
#define CKPTDIFF_ADD(family) \
  for (const LayerClass& entry : family) all.emplace(entry.name, &entry);
  CKPTDIFF_KERAS_FAMILIES(CKPTDIFF_ADD)
#undef CKPTDIFF_ADD
  return all;
}

}  // namespace

const LayerClass* FindLayerClass(std::string_view name) {
  static const std::map<std::string_view, const LayerClass*> all = AllClasses();
  auto found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

LayerCall LayerCall::Of(Shape input) {
  LayerCall call;
  call.args.push_back({{}, false, {std::move(input)}});
  return call;
}

Shape LayerCall::First() const {
  for (const TensorArg& arg : args) {
    if (!arg.shapes.empty()) return arg.shapes[0];
  }
  return Shape::Unknown();
}

std::vector<Shape> LayerCall::All() const {
  std::vector<Shape> all;
  for (const TensorArg& arg : args) {
    all.insert(all.end(), arg.shapes.begin(), arg.shapes.end());
  }
  return all;
}

const TensorArg* LayerCall::Find(std::string_view keyword,
                                 size_t position) const {
  for (const TensorArg& arg : args) {
    if (!arg.shapes.empty() && arg.keyword == keyword) return &arg;
  }
  if (position >= args.size() || !args[position].keyword.empty() ||
      args[position].shapes.empty()) {
    return nullptr;
  }
  return &args[position];
}

std::vector<Shape> OutputShapes(const LayerClass* layer,
                                const LayerConfig& config,
                                const LayerCall& call) {
  if (layer == nullptr) return {Shape::Unknown()};
  if (layer->output != nullptr) return layer->output(config, call);
  return {call.First()};
}

}  // namespace ckptdiff
