// The object graph of TF2: which object holds which, by which attribute. A
// checkpoint has one (TrackableObjectGraph, in a string tensor), a SavedModel
// another (SavedObjectGraph, in the protobuf). Node 0 is the root; a node is
// its position; cycles and shared nodes are normal.
//
//   TrackableObjectGraph  1 nodes
//   TrackableObject       1 children        {1 node_id, 2 local_name}
//                         2 attributes      {1 name, 2 full_name,
//                                            3 checkpoint_key}
//                         3 slot_variables  {1 original_variable_node_id,
//                                            2 slot_name,
//                                            3 slot_variable_node_id}
//   SavedObject           1 children, 3 slot_variables as above
//                         4 user_object     {1 identifier, 3 metadata}
//                         7 variable        {1 dtype, 2 shape, 3 trainable,
//                                            6 name}

#ifndef CKPTDIFF_FORMATS_TF_OBJECT_GRAPH_H_
#define CKPTDIFF_FORMATS_TF_OBJECT_GRAPH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "ckptdiff/layout.h"

namespace ckptdiff {

// Texts are views of the bytes that the graph was parsed from.
struct ObjectNode {
  struct Child {
    uint32_t node = 0;
    std::string_view name;
  };
  struct Attribute {
    std::string_view name;  // "VARIABLE_VALUE"
    std::string_view full_name;
    std::string_view key;
  };
  struct SlotVariable {
    uint32_t original = 0;
    std::string_view name;
    uint32_t slot = 0;
  };
  struct SavedVariable {
    std::string_view name;
    Shape shape;
    std::string_view dtype;
    bool trainable = false;
  };

  std::vector<Child> children;
  std::vector<Attribute> attributes;
  std::vector<SlotVariable> slots;
  std::optional<SavedVariable> variable;
  std::string_view identifier;  // "_tf_keras_layer"
  std::string_view metadata;    // JSON

  const Child* Find(std::string_view name) const;
};

struct ObjectGraph {
  std::vector<ObjectNode> nodes;
};

// Both throw ParseError; node ids are checked.
ObjectGraph ParseTrackableObjectGraph(Bytes bytes);
ObjectGraph ParseSavedObjectGraph(Bytes bytes);

// The nodes that children lead to from the root, in the order in which a
// person reads them: a node, then what it holds, each once.
std::vector<uint32_t> ReadingOrder(const ObjectGraph& graph);

// Per node its path from the root as keys spell it ("model/layer-1/kernel"),
// the shortest, of these the first; nullopt where no path leads.
std::vector<std::optional<std::string>> ObjectPaths(const ObjectGraph& graph);

// A key without "/.ATTRIBUTES/VARIABLE_VALUE", its parts unescaped.
std::string PathOfKey(std::string_view key);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_OBJECT_GRAPH_H_
