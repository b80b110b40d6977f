// MetaGraphDef: what a `.meta` file is, and what a SavedModel holds. The graph
// in it says what its Saver writes and wants to find:
//
//   MetaGraphDef  1 meta_info_def {4 tags, 5 tensorflow_version}
//                 2 graph_def {1 node*, 2 library}
//                 3 saver_def {2 save_tensor_name}
//                 4 collection_def map {1 name, 2 {2 bytes_list {1 value*}}}
//                 7 object_graph_def
//   NodeDef       1 name, 2 op, 3 input*, 5 attr map {1 name, 2 value}
//   AttrValue     1 list {6 type*}, 6 type, 7 shape, 8 tensor
//
// The Saver's op is SaveV2(prefix, tensor_names, shape_and_slices, tensors...)
// with the two name lists in Const nodes; a V1 Saver has Save or SaveSlices.
// A file may have hundreds of megabytes where constants are baked in, so that
// nodes are streamed and only those that matter are looked into.

#ifndef CKPTDIFF_FORMATS_TF_META_GRAPH_DEF_H_
#define CKPTDIFF_FORMATS_TF_META_GRAPH_DEF_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/proto_wire.h"

namespace ckptdiff {

struct MetaGraph {
  std::string tensorflow_version;
  std::vector<std::string> tags;
  // What the Saver writes, or, without one, the variables of the graph: name,
  // key, shape, type, and whether it is trainable. In the Saver's order.
  std::vector<Variable> variables;
  bool has_saver = false;
  // The serialized SavedObjectGraph; empty: none.
  std::string object_graph;
};

// Throws ParseError.
MetaGraph ReadMetaGraph(ProtoFile message);

// The tags and the version alone; cheap.
MetaGraph ReadMetaInfo(ProtoFile message);

// Whether the message can be a MetaGraphDef, by its first fields. Throws
// ParseError where the bytes are no message to their end.
bool LooksLikeMetaGraph(ProtoFile message);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_META_GRAPH_DEF_H_
