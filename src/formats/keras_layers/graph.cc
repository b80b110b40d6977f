// Two dialects of `inbound_nodes`, one entry per call of the layer.
//
// Keras 1 and 2: a call is a list of tensors [layer, call, index, kwargs];
// several of them are one argument that is a list. Tensors among the keyword
// arguments are written as [layer, call, index].
//
//   "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {"mask": ["c", 0, 0]}]]]
//
// Keras 3: a call is {"args": [...], "kwargs": {...}}, where tensors stand at
// any depth and bring their shape:
//
//   {"class_name": "__keras_tensor__", "config": {"shape": [null, 3],
//    "dtype": "float32", "keras_history": ["a", 0, 0]}}

#include "formats/keras_layers/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/keras_layers/layer_config.h"

namespace ckptdiff {
namespace {

class GraphParser {
 public:
  GraphParser(const Json& config, KerasDialect dialect)
      : config_(config), dialect_(dialect) {}

  LayerGraph Parse() {
    const Json& layers = config_.at("layers");
    for (const Json& object : layers) AddLayer(object);
    for (GraphLayer& layer : graph_.layers) {
      const Json* nodes = Member(*layer.object, "inbound_nodes");
      if (nodes != nullptr && nodes->is_array()) {
        for (const Json& node : *nodes) layer.calls.push_back(Call(node));
      }
      if (layer.calls.empty()) layer.calls.emplace_back();
    }
    graph_.inputs = Ends("input_layers");
    graph_.outputs = Ends("output_layers");
    ShiftCalls();
    return std::move(graph_);
  }

 private:
  void AddLayer(const Json& object) {
    const Json* config = Member(object, "config");
    GraphLayer layer;
    layer.object = &object;
    layer.name = StringOr(object, "name");
    if (layer.name.empty() && config != nullptr) {
      layer.name = StringOr(*config, "name");
    }
    if (layer.name.empty()) {
      throw Corrupt("config", fmt::format("layer {} of {} has no name",
                                          graph_.layers.size() + 1,
                                          config_.at("layers").size()));
    }
    if (!positions_.emplace(layer.name, graph_.layers.size()).second) {
      throw Corrupt("config", fmt::format("two layers are called \"{}\"",
                                          Printable(layer.name)));
    }
    graph_.layers.push_back(std::move(layer));
  }

  // [layer, call, index, ...]
  bool IsReference(const Json& json) const {
    return json.is_array() && json.size() >= 3 && json[0].is_string() &&
           json[1].is_number_integer() && json[2].is_number_integer();
  }

  TensorRef Reference(const Json& json) const {
    std::string name = json[0].get<std::string>();
    auto found = positions_.find(name);
    if (found == positions_.end()) {
      throw Corrupt("config",
                    fmt::format("a call takes what layer \"{}\" returns, but "
                                "there is no such layer",
                                Printable(name)));
    }
    auto call = json[1].get<int64_t>();
    auto index = json[2].get<int64_t>();
    if (call < 0 || index < 0) {
      throw Corrupt("config", fmt::format("a call takes tensor {} of call {} "
                                          "of layer \"{}\"",
                                          index, call, Printable(name)));
    }
    return {found->second, static_cast<size_t>(call),
            static_cast<size_t>(index), Shape::Unknown()};
  }

  GraphCall Call(const Json& node) const {
    if (node.is_object()) return CallOfKeras3(node);
    GraphCall call;
    if (!node.is_array()) return call;
    // One tensor may stand without the list around it.
    if (IsReference(node)) {
      AddOldTensor(call, node);
    } else {
      for (const Json& tensor : node) AddOldTensor(call, tensor);
    }
    if (!call.args.empty() && call.args[0].keyword.empty()) {
      call.args[0].is_list = call.args[0].tensors.size() > 1;
    }
    return call;
  }

  void AddOldTensor(GraphCall& call, const Json& json) const {
    if (!IsReference(json)) return;
    if (call.args.empty() || !call.args[0].keyword.empty()) {
      call.args.insert(call.args.begin(), GraphArg{});
    }
    if (json[0] != "_CONSTANT_VALUE") {
      call.args[0].tensors.push_back(Reference(json));
    }
    if (json.size() < 4 || !json[3].is_object()) return;
    if (call.kwargs != nullptr) return;  // each tensor repeats them
    call.kwargs = &json[3];
    for (const auto& [keyword, value] : json[3].items()) {
      GraphArg arg{keyword, false, {}};
      CollectOld(value, arg);
      if (!arg.tensors.empty()) call.args.push_back(std::move(arg));
    }
  }

  // References among other values: only those to layers that are there.
  void CollectOld(const Json& value, GraphArg& arg) const {
    if (IsReference(value) &&
        positions_.contains(value[0].get<std::string>())) {
      arg.tensors.push_back(Reference(value));
    } else if (value.is_array()) {
      for (const Json& item : value) {
        if (item.is_array()) {
          arg.is_list = true;
          CollectOld(item, arg);
        }
      }
    }
  }

  GraphCall CallOfKeras3(const Json& node) const {
    GraphCall call;
    const Json* args = Member(node, "args");
    if (args != nullptr && args->is_array()) {
      for (const Json& value : *args) call.args.push_back(Arg({}, value));
    }
    const Json* kwargs = Member(node, "kwargs");
    if (kwargs != nullptr && kwargs->is_object()) {
      call.kwargs = kwargs;
      for (const auto& [keyword, value] : kwargs->items()) {
        GraphArg arg = Arg(keyword, value);
        if (!arg.tensors.empty()) call.args.push_back(std::move(arg));
      }
    }
    return call;
  }

  GraphArg Arg(std::string keyword, const Json& value) const {
    GraphArg arg{std::move(keyword), false, {}};
    arg.is_list = !IsKerasTensor(value);
    Collect(value, arg);
    return arg;
  }

  static bool IsKerasTensor(const Json& value) {
    return StringOr(value, "class_name") == "__keras_tensor__";
  }

  // The depth is that of the JSON text, which is limited.
  void Collect(const Json& value, GraphArg& arg) const {
    if (IsKerasTensor(value)) {
      const Json* config = Member(value, "config");
      const Json* history =
          config != nullptr ? Member(*config, "keras_history") : nullptr;
      if (history == nullptr || !IsReference(*history)) {
        throw Corrupt("config", "a __keras_tensor__ has no keras_history");
      }
      TensorRef ref = Reference(*history);
      const Json* shape = Member(*config, "shape");
      if (shape != nullptr) ref.told = ShapeFromJson(*shape);
      arg.tensors.push_back(std::move(ref));
    } else if (value.is_structured()) {
      for (const Json& item : value) Collect(item, arg);
    }
  }

  // [layer, call, index], a list or (Keras 3) a dict of such.
  std::vector<TensorRef> Ends(std::string_view name) const {
    GraphArg found;
    const Json* ends = Member(config_, name);
    if (ends != nullptr) CollectEnds(*ends, found.tensors);
    return found.tensors;
  }

  void CollectEnds(const Json& value, std::vector<TensorRef>& ends) const {
    if (IsReference(value)) {
      ends.push_back(Reference(value));
    } else if (value.is_structured()) {
      for (const Json& item : value) CollectEnds(item, ends);
    }
  }

  template <typename Visit>
  void EachReference(Visit visit) {
    for (GraphLayer& layer : graph_.layers) {
      for (GraphCall& call : layer.calls) {
        for (GraphArg& arg : call.args) {
          for (TensorRef& ref : arg.tensors) visit(ref, false);
        }
      }
    }
    for (TensorRef& ref : graph_.inputs) visit(ref, false);
    for (TensorRef& ref : graph_.outputs) visit(ref, true);
  }

  bool IsNested(const GraphLayer& layer) const {
    const Json* config = Member(*layer.object, "config");
    return config != nullptr && Member(*config, "output_layers") != nullptr;
  }

  void ShiftCalls() {
    std::vector<UsedCalls> used(graph_.layers.size());
    EachReference([&](TensorRef& ref, bool is_output) {
      UsedCalls& of = used[ref.layer];
      (is_output ? of.as_outputs : of.in_calls).insert(ref.call);
    });
    std::vector<CallNumbers> numbers(graph_.layers.size());
    for (size_t i = 0; i < graph_.layers.size(); ++i) {
      const GraphLayer& layer = graph_.layers[i];
      used[i].counts_itself =
          dialect_ == KerasDialect::kKeras3 && IsNested(layer);
      std::optional<CallNumbers> own = NumberCalls(used[i], layer.calls.size());
      if (!own) FailCalls(layer, used[i]);
      numbers[i] = std::move(*own);
    }
    EachReference([&](TensorRef& ref, bool is_output) {
      const CallNumbers& of = numbers[ref.layer];
      ref.call = (is_output ? of.as_outputs : of.in_calls).at(ref.call);
    });
  }

  [[noreturn]] static void FailCalls(const GraphLayer& layer,
                                     const UsedCalls& used) {
    size_t last = 0;
    for (const auto& calls : {used.in_calls, used.as_outputs}) {
      if (!calls.empty()) last = std::max(last, *calls.rbegin());
    }
    throw Corrupt(
        "config",
        fmt::format("call {} of layer \"{}\" is used, which is called {}", last,
                    Printable(layer.name), Count(layer.calls.size(), "time")));
  }

  const Json& config_;
  KerasDialect dialect_;
  LayerGraph graph_;
  std::map<std::string, size_t, std::less<>> positions_;
};

}  // namespace

LayerGraph ParseGraph(const Json& config, KerasDialect dialect) {
  return GraphParser(config, dialect).Parse();
}

}  // namespace ckptdiff
