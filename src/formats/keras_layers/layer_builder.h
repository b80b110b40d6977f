// What a layer class uses to say what it holds: variables, and objects with
// variables of their own.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_BUILDER_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_BUILDER_H_

#include <string>
#include <string_view>
#include <vector>

#include "formats/keras_layers/layer_class.h"

namespace ckptdiff {

struct VariableOptions {
  bool trainable = true;
  std::string_view dtype = {};  // empty: as the layer's policy says
  bool frozen = false;          // see KerasVariable
  bool stored = true;
  bool has_slots = true;
};

class LayerBuilder {
 public:
  // `scope` is the path of `layer`; variables are named below it.
  LayerBuilder(KerasLayer& layer, std::string scope, const LayerConfig& config,
               const LayerCall& call)
      : layer_(&layer),
        scope_(std::move(scope)),
        config_(&config),
        call_(&call) {}

  const LayerConfig& config() const { return *config_; }
  const LayerCall& call() const { return *call_; }
  KerasLayer& layer() const { return *layer_; }
  bool keras3() const { return config_->keras3(); }
  // Of the first input.
  Shape input() const { return call_->First(); }
  // One dimension of it, counted from the end if negative; unknown as -1.
  int64_t Dim(int64_t axis) const;
  int64_t Channels() const;  // the channel axis of `data_format`

  // Throws where a known dimension is below 0, or 0 behind an input that is
  // not, or all are too many.
  KerasVariable* AddShape(std::string_view name, Shape shape,
                          const VariableOptions& options = {});
  KerasVariable* Add(std::string_view name, std::vector<int64_t> dims,
                     const VariableOptions& options = {}) {
    return AddShape(name, Shape::Of(std::move(dims)), options);
  }
  // A variable that another object owns too.
  void Share(KerasVariable* variable);

  // An object that the layer makes itself; it has no config of its own.
  LayerBuilder Child(std::string_view attribute, std::string_view class_name,
                     std::string_view name) const;
  // As Child, for one whose name stands in no path.
  LayerBuilder UnscopedChild(std::string_view attribute,
                             std::string_view class_name,
                             std::string_view name) const;
  // A layer that the config describes: {"class_name", "config", ...}. Keras 2
  // builds some outside of their own name scope.
  enum class Scope { kOwn, kParent };
  KerasLayer* Layer(std::string_view attribute, const Json& object,
                    const LayerCall& call, Scope scope = Scope::kOwn,
                    std::string_view rename = {}, bool in_list = false) const;
  // As Layer, for a member of the config; nullptr where it is none.
  KerasLayer* LayerMember(std::string_view member, std::string_view attribute,
                          const LayerCall& call,
                          Scope scope = Scope::kOwn) const;

 private:
  KerasLayer* layer_;
  std::string scope_;
  const LayerConfig* config_;
  const LayerCall* call_;
};

// A layer or model that was built, and what its first call returned.
struct BuiltLayer {
  KerasLayer* layer = nullptr;
  std::vector<Shape> outputs;
};

// A serialized layer or model and all below it; `outer` is the scope that it
// is built in, `rename` its name if not the config's own. Throws ParseError.
BuiltLayer BuildLayer(BuildState& state, const Json& object,
                      const LayerCall& call, const std::string& outer,
                      LayerBuilder::Scope scope = LayerBuilder::Scope::kOwn,
                      std::string_view rename = {});

// What a serialized layer or model returns for a call.
std::vector<Shape> SerializedOutputs(BuildState& state, const Json& object,
                                     const LayerCall& call);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_BUILDER_H_
