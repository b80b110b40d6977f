#include "formats/tf/saved_objects.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/parse_error.h"
#include "base/unique_names.h"
#include "ckptdiff/dtype.h"
#include "container/json_doc.h"
#include "container/proto_wire.h"
#include "formats/tf/object_graph.h"
#include "formats/tf/object_roles.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kValueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";

// A layer as Keras describes it.
struct KerasLayer {
  std::string name;
  std::string class_name;
};

class SavedObjects {
 public:
  SavedObjects(Bytes graph, Bytes keras)
      : graph_(ParseSavedObjectGraph(graph)), paths_(ObjectPaths(graph_)) {
    for (ProtoMessage message(keras, "keras_metadata.pb"); message.Next();) {
      if (message.number() == 1) ReadKerasNode(message.Nested("keras node"));
    }
    FindLayers();
  }

  const ObjectGraph& graph() const { return graph_; }

  std::optional<std::string> KeyOf(uint32_t node) const {
    if (!paths_[node]) return std::nullopt;
    return *paths_[node] + std::string(kValueSuffix);
  }

  // Where slots would be stored: they are nobody's children.
  std::unordered_map<uint32_t, std::string> SlotKeys() const {
    std::unordered_map<uint32_t, std::string> keys;
    for (uint32_t id = 0; id < graph_.nodes.size(); ++id) {
      for (const auto& slot : graph_.nodes[id].slots) {
        if (!paths_[id] || !paths_[slot.original]) continue;
        keys[slot.slot] =
            fmt::format("{}/.OPTIMIZER_SLOT/{}/{}{}", *paths_[slot.original],
                        *paths_[id], slot.name, kValueSuffix);
      }
    }
    return keys;
  }

  void SetLayer(uint32_t node, Variable* variable, Layout* layout) {
    auto found = layer_of_.find(node);
    if (variable->role != Role::kWeight || found == layer_of_.end()) return;
    const KerasLayer& layer = Describe(found->second);
    if (layer.name.empty()) return;
    variable->layer = layer.name;
    if (known_layers_.insert(layer.name).second) {
      layout->layers.push_back({layer.name, layer.class_name, true});
    }
  }

 private:
  void ReadKerasNode(ProtoMessage message) {
    uint64_t id = 0;
    std::string_view identifier, metadata;
    while (message.Next()) {
      if (message.number() == 2) id = message.Varint();
      if (message.number() == 4) identifier = message.Text();
      if (message.number() == 5) metadata = message.Text();
    }
    if (id >= graph_.nodes.size()) return;
    ObjectNode& node = graph_.nodes[static_cast<size_t>(id)];
    node.identifier = identifier;
    node.metadata = metadata;
  }

  static bool IsModel(std::string_view identifier) {
    return identifier == "_tf_keras_model" ||
           identifier == "_tf_keras_network" ||
           identifier == "_tf_keras_sequential";
  }

  // The layer of a variable is the outermost one below all models.
  void FindLayers() {
    std::vector<uint32_t> order = ReadingOrder(graph_);
    for (uint32_t id : order) {
      const ObjectNode& node = graph_.nodes[id];
      bool is_layer = node.identifier.starts_with("_tf_keras_") &&
                      node.identifier.ends_with("_layer");
      if (!is_layer || layer_of_.contains(id)) continue;
      std::vector<uint32_t> stack = {id};
      while (!stack.empty()) {
        uint32_t inner = stack.back();
        stack.pop_back();
        if (IsModel(graph_.nodes[inner].identifier)) continue;
        if (!layer_of_.emplace(inner, id).second) continue;
        for (const auto& child : graph_.nodes[inner].children) {
          stack.push_back(child.node);
        }
      }
    }
  }

  const KerasLayer& Describe(uint32_t layer) {
    auto [found, is_new] = layers_.try_emplace(layer);
    std::string_view metadata = graph_.nodes[layer].metadata;
    if (is_new && !metadata.empty()) {
      try {
        Json json = ParseJson(metadata, "keras metadata");
        found->second.name = StringOr(json, "name");
        found->second.class_name = StringOr(json, "class_name");
      } catch (const ParseError&) {
        // Keras writes NaN and Infinity, which is no JSON; a layer that is
        // not described this way is told by its variables' names.
      }
    }
    return found->second;
  }

  ObjectGraph graph_;
  std::vector<std::optional<std::string>> paths_;
  std::unordered_map<uint32_t, uint32_t> layer_of_;
  std::unordered_map<uint32_t, KerasLayer> layers_;
  std::unordered_set<std::string> known_layers_;
};

// Which variable of the layout each node is: by key, and where no key leads to
// it by name, if that is unique.
class Join {
 public:
  explicit Join(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      by_key_.emplace(variable.key, i);
      for (const std::string& key : variable.keys) by_key_.emplace(key, i);
      names_.Add(variable.name, i);
    }
  }

  size_t Find(const std::optional<std::string>& key,
              std::string_view name) const {
    if (key) {
      auto found = by_key_.find(*key);
      if (found != by_key_.end()) return found->second;
    }
    return names_.Find(name);
  }

 private:
  std::unordered_map<std::string, size_t> by_key_;
  UniqueNames names_;
};

}  // namespace

void DescribeBySavedObjects(Bytes bytes, Bytes keras, Layout* layout) {
  SavedObjects objects(bytes, keras);
  Join join(*layout);
  for (Layer& layer : layout->layers) layer.variables_known = true;
  std::vector<Layer> scopes = std::move(layout->layers);
  layout->layers.clear();
  for (uint32_t id : ReadingOrder(objects.graph())) {
    const auto& saved = objects.graph().nodes[id].variable;
    if (!saved) continue;
    size_t at = join.Find(objects.KeyOf(id), saved->name);
    if (at == kNoVariable) continue;
    Variable& variable = layout->variables[at];
    if (variable.role == Role::kWeight) variable.trainable = saved->trainable;
    objects.SetLayer(id, &variable, layout);
  }
  // Scopes of variables that no Keras layer claimed.
  std::unordered_set<std::string> used, known;
  for (const Variable& variable : layout->variables) {
    used.insert(variable.layer);
  }
  for (const Layer& layer : layout->layers) known.insert(layer.name);
  for (Layer& layer : scopes) {
    if (used.contains(layer.name) && !known.contains(layer.name)) {
      layout->layers.push_back(std::move(layer));
    }
  }
}

void ListSavedObjects(Bytes bytes, Bytes keras, Layout* layout) {
  SavedObjects objects(bytes, keras);
  const ObjectGraph& graph = objects.graph();
  std::vector<size_t> variable_of(graph.nodes.size(), kNoVariable);
  std::unordered_map<uint32_t, std::string> slots = objects.SlotKeys();
  auto add = [&](uint32_t id, const std::string& key) {
    const auto& saved = graph.nodes[id].variable;
    if (!saved || variable_of[id] != kNoVariable) return;
    Variable variable;
    variable.key = key;
    variable.name = saved->name.empty() ? PathOfKey(key) : saved->name;
    variable.shape = saved->shape;
    variable.dtype = saved->dtype;
    variable.trainable = saved->trainable;
    variable_of[id] = layout->variables.size();
    layout->variables.push_back(std::move(variable));
  };
  for (uint32_t id : ReadingOrder(graph)) add(id, *objects.KeyOf(id));
  for (uint32_t id = 0; id < graph.nodes.size(); ++id) {
    auto key = slots.find(id);
    if (key != slots.end()) add(id, key->second);
  }
  AssignObjectRoles(graph, variable_of, layout);
  for (uint32_t id = 0; id < graph.nodes.size(); ++id) {
    if (variable_of[id] == kNoVariable) continue;
    objects.SetLayer(id, &layout->variables[variable_of[id]], layout);
  }
}

}  // namespace ckptdiff
