// What a Keras config says of a model: its layers, their variables and the
// objects inside them, as the framework itself would build them. One walk of
// this tree gives the expected Layout (layout_of.h), the groups of a `.keras`
// store (attribute names, `vars/N`) and the order of the optimizer's slots.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_KERAS_MODEL_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_KERAS_MODEL_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/json_doc.h"

namespace ckptdiff {

// The generation that wrote a config: it decides how variables are called, in
// which order they come and what `trainable` means.
enum class KerasDialect { kKeras1, kKeras2, kKeras3 };

struct KerasVariable {
  std::string name;  // within its layer: "kernel"
  // Keras 3: `variable.path`; before: `variable.name` without ":0".
  std::string path;
  Shape shape;
  std::string dtype;       // empty: unknown
  bool trainable = true;   // as created: false for statistics
  bool frozen = false;     // later, whatever its layer says (LoRA's kernel)
  bool stored = true;      // false: no file holds it (LoRA's update)
  bool has_slots = true;   // false: its gradient replaces it (float8)
  bool optimized = false;  // stands in model.trainable_variables
};

struct KerasLayer;

// A stateful object that a layer holds.
struct KerasChild {
  // The attribute that the saving code finds it under: "cell", "layer",
  // "forward_layer", "query_dense" ("_query_dense" in Keras 2), "layers".
  std::string attribute;
  bool in_list = false;  // one element of a container of that name
  KerasLayer* layer = nullptr;
};

struct KerasLayer {
  enum class Kind { kLayer, kFunctional, kSequential };

  std::string name;
  std::string class_name;
  Kind kind = Kind::kLayer;
  std::string policy;  // "mixed_float16"; empty: not told
  // False: a class that is not built in. Whether it has variables, and which,
  // is not told by the config; neither is the shape of what it returns.
  bool known = true;
  bool trainable = true;  // as configured
  // False: the layer that holds it made it; no config speaks of it.
  bool configured = true;
  // Keras 3: frozen before it is built, it trains all the same, and after, it
  // does not; a config cannot tell which.
  bool hides_freezing = false;
  Shape input;  // of the first tensor that it was built with
  // Its own, as `vars/0`, `vars/1`, … hold them: the trainable ones first,
  // each group in the order of creation. Shared ones may stand in two layers.
  std::vector<KerasVariable*> variables;
  // In the order in which the framework walks them for `weights`. A model's
  // layers are here, in its order, under the attribute "layers".
  std::vector<KerasChild> children;

  bool is_model() const { return kind != Kind::kLayer; }
};

// Owns all layers and variables; their addresses last as long as it does.
struct KerasModel {
  KerasDialect dialect = KerasDialect::kKeras3;
  std::string keras_version;  // empty: the config does not tell
  KerasLayer* root = nullptr;
  std::deque<KerasLayer> layers;
  std::deque<KerasVariable> variables;
};

// `config` is the whole document: {"class_name", "config", ...}, of a model.
// Without `keras_version` ("2.15.0"; metadata.json, HDF5 attribute) the
// document itself tells the dialect. Throws ParseError.
std::unique_ptr<KerasModel> ReadKerasModel(
    const Json& config, const std::optional<std::string>& keras_version = {});

// The variables below `layer` in the order of its `weights`, each once.
std::vector<KerasVariable*> Weights(const KerasModel& model,
                                    const KerasLayer& layer);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_KERAS_MODEL_H_
