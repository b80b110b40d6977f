// The layers of a Functional model and how they call each other.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_GRAPH_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_GRAPH_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "container/json_doc.h"
#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

// One tensor: what the `call`-th call of a layer returned at `index`.
struct TensorRef {
  size_t layer = 0;
  size_t call = 0;
  size_t index = 0;
  Shape told;  // Keras 3 writes the shape beside the reference
};

struct GraphArg {
  std::string keyword;  // empty: by position
  bool is_list = false;
  std::vector<TensorRef> tensors;
};

struct GraphCall {
  std::vector<GraphArg> args;
  const Json* kwargs = nullptr;  // points into the config
};

struct GraphLayer {
  std::string name;
  const Json* object = nullptr;  // points into the config
  std::vector<GraphCall> calls;  // at least one; an input's has no arguments
};

struct LayerGraph {
  std::vector<GraphLayer> layers;
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> outputs;
};

// `config` must outlive the graph. Throws ParseError: a layer that is named
// but not there, a name that stands twice, a call that no layer makes.
LayerGraph ParseGraph(const Json& config, KerasDialect dialect);

// By which numbers the calls of one layer go, among the arguments of calls and
// among the outputs of the model.
struct UsedCalls {
  std::set<size_t> in_calls, as_outputs;
  bool counts_itself = false;  // among the outputs, its construction is call 0
};

// From those numbers to positions among the layer's `inbound_nodes`.
struct CallNumbers {
  std::map<size_t, size_t> in_calls, as_outputs;
};

// `calls`: how many are listed. nullopt: other ones are used.
std::optional<CallNumbers> NumberCalls(const UsedCalls& used, size_t calls);

// All (layer, call), each behind those whose tensors it takes; otherwise in
// the order of the config. Throws ParseError where calls form a circle.
std::vector<std::pair<size_t, size_t>> CallOrder(const LayerGraph& graph);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_GRAPH_H_
