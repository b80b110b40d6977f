// Over 300 lines: reading a Saver out of a graph is one walk over shared maps.

#include "formats/tf/meta_graph_def.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/tf_proto.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxNodeBytes = 64 << 20;
constexpr uint64_t kMaxTextBytes = 1 << 20;
constexpr uint64_t kMaxObjectGraphBytes = uint64_t{1} << 30;
constexpr uint64_t kMaxCollectionBytes = 256 << 20;
constexpr int kMaxPassThrough = 16;
// One for a device; thousands that share one list of names are an attack.
constexpr size_t kMaxSaveOps = 1024;

// A node of the graph, as far as a first pass keeps it.
struct Node {
  enum Kind { kConst, kVariable, kSave, kPassThrough } kind;
  ProtoFile message;  // its bytes, still in the file
};

std::optional<Node::Kind> KindOf(std::string_view op) {
  constexpr std::array<std::pair<std::string_view, Node::Kind>, 11> kOps = {
      {{"Const", Node::kConst},
       {"VariableV2", Node::kVariable},
       {"Variable", Node::kVariable},
       {"AutoReloadVariable", Node::kVariable},
       {"VarHandleOp", Node::kVariable},
       {"SaveV2", Node::kSave},
       {"Save", Node::kSave},
       {"SaveSlices", Node::kSave},
       {"Identity", Node::kPassThrough},
       {"ReadVariableOp", Node::kPassThrough},
       {"Cast", Node::kPassThrough}}};
  for (const auto& [name, kind] : kOps) {
    if (name == op) return kind;
  }
  return std::nullopt;
}

// "w:0" and "^w" are the node w.
std::string NodeOf(std::string_view input) {
  if (input.starts_with('^')) input.remove_prefix(1);
  return std::string(input.substr(0, input.rfind(':')));
}

// The message of one attribute of a node; the node's bytes must live on.
std::optional<ProtoMessage> FindAttr(ProtoMessage node, std::string_view name) {
  while (node.Next()) {
    if (node.number() != 5) continue;
    std::string_view key;
    std::optional<ProtoMessage> value;
    for (ProtoMessage attr = node.Nested("attr"); attr.Next();) {
      if (attr.number() == 1) key = attr.Text();
      if (attr.number() == 2) value = attr.Nested("attr");
    }
    if (key == name && value) return value;
  }
  return std::nullopt;
}

std::vector<std::string> InputsOf(ProtoMessage node) {
  std::vector<std::string> inputs;
  while (node.Next()) {
    if (node.number() == 3) inputs.emplace_back(node.Text());
  }
  return inputs;
}

std::string DType(uint64_t number) {
  return std::string(TfDTypeName(number).value_or(""));
}

// "1024 16 0,512:-" is a slice of [1024, 16]; "" is a whole tensor.
std::optional<Shape> ShapeOfSlice(std::string_view text) {
  size_t last = text.rfind(' ');
  if (last == text.npos) return std::nullopt;
  Shape shape = Shape::Of({});
  for (std::string_view part : Split(text.substr(0, last), ' ')) {
    int64_t dim = 0;
    auto [end, error] =
        std::from_chars(part.data(), part.data() + part.size(), dim);
    if (error != std::errc() || end != part.data() + part.size() || dim < 0) {
      return std::nullopt;
    }
    shape.dims.push_back(dim);
  }
  return shape;
}

class Reader {
 public:
  MetaGraph Read(ProtoFile message) {
    MetaGraph graph = ReadMetaInfo(message);
    std::optional<ProtoFile> graph_def;
    while (message.Next()) {
      switch (message.number()) {
        case 2: graph_def = message.Nested("graph"); break;
        case 3: ReadSaver(message.Nested("saver")); break;
        case 4: ReadCollection(message.Nested("collection")); break;
        case 7: graph.object_graph = message.Read(kMaxObjectGraphBytes); break;
        default: break;
      }
    }
    if (graph_def) CollectNodes(*graph_def);
    for (const std::string& save : SaveOps()) {
      ListSaveOp(save, &graph.variables);
      graph.has_saver = true;
    }
    if (!graph.has_saver) ListVariables(&graph.variables);
    return graph;
  }

 private:
  void ReadSaver(ProtoFile message) {
    while (message.Next()) {
      if (message.number() == 2) {
        save_tensor_ = NodeOf(message.Read(kMaxTextBytes));
      }
    }
  }

  // Of the collections of variables only which ones are trainable.
  void ReadCollection(ProtoFile message) {
    std::string name;
    std::optional<ProtoFile> value;
    while (message.Next()) {
      if (message.number() == 1) name = message.Read(kMaxTextBytes);
      if (message.number() == 2) value = message.Nested("collection");
    }
    bool is_trainable = name == "trainable_variables";
    if (!value || (!is_trainable && name != "variables")) return;
    has_trainable_ = has_trainable_ || is_trainable;
    while (value->Next()) {
      if (value->number() != 2) continue;
      std::string list = value->Read(kMaxCollectionBytes);
      for (ProtoMessage one(AsBytes(list), "collection"); one.Next();) {
        if (one.number() == 1) ReadVariableDef(one.Payload(), is_trainable);
      }
    }
  }

  void ReadVariableDef(Bytes bytes, bool is_trainable) {
    std::string name, full_name;
    for (ProtoMessage message(bytes, "variable"); message.Next();) {
      if (message.number() == 1) name = NodeOf(message.Text());
      if (message.number() != 4) continue;
      for (ProtoMessage slice = message.Nested("slice"); slice.Next();) {
        if (slice.number() == 1) full_name = slice.Text();
      }
    }
    if (is_trainable) {
      trainable_.insert(name);
      if (!full_name.empty()) trainable_.insert(full_name);
    } else {
      listed_.push_back(name);
    }
  }

  void CollectNodes(ProtoFile graph) {
    while (graph.Next()) {
      if (graph.number() != 1) continue;  // functions have Savers of their own
      ProtoFile node = graph.Nested("graph: node");
      ProtoFile fields = node;
      std::string name, op;
      while ((name.empty() || op.empty()) && fields.Next()) {
        if (fields.number() == 1) name = fields.Read(kMaxTextBytes);
        if (fields.number() == 2) op = fields.Read(kMaxTextBytes);
      }
      std::optional<Node::Kind> kind = KindOf(op);
      if (!kind) continue;
      if (*kind == Node::kSave) saves_.push_back(name);
      if (*kind == Node::kVariable) variables_.push_back(name);
      nodes_.emplace(std::move(name), Node{*kind, node});
    }
  }

  const Node* Find(const std::string& name) const {
    auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : &found->second;
  }

  static std::string BytesOf(const Node& node) {
    return node.message.ReadWhole(kMaxNodeBytes);
  }

  // The save ops of the Saver that the file names: they stand in the scope of
  // its save tensor. Further ones belong to other Savers of the program.
  std::vector<std::string> SaveOps() const {
    if (save_tensor_.empty()) return {};
    size_t slash = save_tensor_.rfind('/');
    std::string scope =
        slash == std::string::npos ? "" : save_tensor_.substr(0, slash + 1);
    std::vector<std::string> own;
    for (const std::string& name : saves_) {
      if (name.starts_with(scope) && own.size() < kMaxSaveOps) {
        own.push_back(name);
      }
    }
    if (own.empty() && saves_.size() == 1) own = saves_;
    return own;
  }

  // The strings of the Const node that feeds an input.
  std::vector<std::string> Strings(const std::string& input) const {
    const Node* node = Find(NodeOf(input));
    std::vector<std::string> strings;
    if (node == nullptr || node->kind != Node::kConst) return strings;
    std::string bytes = BytesOf(*node);
    auto value = FindAttr(ProtoMessage(AsBytes(bytes), "const"), "value");
    while (value && value->Next()) {
      if (value->number() != 8) continue;
      for (std::string_view one : ReadStringTensor(value->Nested("const"))) {
        strings.emplace_back(one);
      }
    }
    return strings;
  }

  // The variable node behind an input, through what only hands it on.
  std::string VariableBehind(const std::string& input) {
    std::string name = NodeOf(input);
    for (int i = 0; i < kMaxPassThrough; ++i) {
      const Node* node = Find(name);
      if (node == nullptr) return {};
      if (node->kind == Node::kVariable) return name;
      if (node->kind != Node::kPassThrough) return {};
      auto [found, is_new] = source_of_.try_emplace(name);
      if (is_new) {
        std::string bytes = BytesOf(*node);
        auto inputs = InputsOf(ProtoMessage(AsBytes(bytes), "node"));
        if (!inputs.empty()) found->second = NodeOf(inputs[0]);
      }
      name = found->second;
    }
    return {};
  }

  // Shape and type as the variable's own node has them; each is read once.
  void Describe(const std::string& variable_node, Variable* variable) {
    const Node* node = Find(variable_node);
    if (node == nullptr || node->kind != Node::kVariable) return;
    auto [found, is_new] = described_.try_emplace(variable_node);
    if (is_new) found->second = DescribeNode(*node);
    variable->shape = found->second.shape;
    if (variable->dtype.empty()) variable->dtype = found->second.dtype;
    if (has_trainable_) {
      variable->trainable = trainable_.contains(variable_node);
    }
  }

  static Variable DescribeNode(const Node& node) {
    Variable variable;
    std::string bytes = BytesOf(node);
    ProtoMessage message(AsBytes(bytes), "variable");
    auto shape = FindAttr(message, "shape");
    while (shape && shape->Next()) {
      if (shape->number() == 7) {
        variable.shape = ReadTensorShape(shape->Nested("shape"));
      }
    }
    auto dtype = FindAttr(message, "dtype");
    while (dtype && dtype->Next()) {
      if (dtype->number() == 6) variable.dtype = DType(dtype->Varint());
    }
    return variable;
  }

  void ListSaveOp(const std::string& save, std::vector<Variable>* out) {
    std::string bytes = BytesOf(*Find(save));
    ProtoMessage message(AsBytes(bytes), "save op");
    std::vector<std::string> inputs = InputsOf(message);
    if (inputs.size() < 2) message.Fail("has no tensor names");
    std::vector<std::string> names = Strings(inputs[1]);
    // SaveV2 and SaveSlices have shapes before the tensors, Save has none.
    bool has_slices = inputs.size() >= 3 + names.size();
    std::vector<std::string> slices;
    if (has_slices) slices = Strings(inputs[2]);
    size_t first = has_slices ? 3 : 2;
    std::vector<std::string> dtypes = TypesOf(message);
    for (size_t i = 0; i < names.size(); ++i) {
      if (!seen_.insert(names[i]).second) continue;  // a further slice
      Variable variable;
      variable.name = variable.key = names[i];
      if (i < dtypes.size()) variable.dtype = dtypes[i];
      if (first + i < inputs.size()) {
        Describe(VariableBehind(inputs[first + i]), &variable);
      }
      std::optional<Shape> full;
      if (i < slices.size()) full = ShapeOfSlice(slices[i]);
      if (full) variable.shape = *full;
      if (has_trainable_ && full) {
        variable.trainable = trainable_.contains(names[i]);
      }
      out->push_back(std::move(variable));
    }
  }

  static std::vector<std::string> TypesOf(ProtoMessage save) {
    std::vector<std::string> types;
    auto attr = FindAttr(save, "dtypes");
    if (!attr) attr = FindAttr(save, "T");
    while (attr && attr->Next()) {
      if (attr->number() != 1) continue;
      for (ProtoMessage list = attr->Nested("dtypes"); list.Next();) {
        if (list.number() == 6) {
          list.EachVarint([&](uint64_t type) { types.push_back(DType(type)); });
        }
      }
    }
    return types;
  }

  // A graph that nothing saves: its variables as the collection lists them,
  // else as nodes.
  void ListVariables(std::vector<Variable>* out) {
    for (const std::string& name : listed_.empty() ? variables_ : listed_) {
      if (!seen_.insert(name).second) continue;
      Variable variable;
      variable.name = variable.key = name;
      Describe(name, &variable);
      out->push_back(std::move(variable));
    }
  }

  std::string save_tensor_;
  bool has_trainable_ = false;
  std::unordered_set<std::string> trainable_;
  std::vector<std::string> listed_;
  std::unordered_map<std::string, Node> nodes_;
  std::unordered_map<std::string, std::string> source_of_;
  std::unordered_map<std::string, Variable> described_;
  std::vector<std::string> saves_;
  std::vector<std::string> variables_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

MetaGraph ReadMetaGraph(ProtoFile message) {
  return Reader().Read(std::move(message));
}

MetaGraph ReadMetaInfo(ProtoFile message) {
  MetaGraph graph;
  while (message.Next()) {
    if (message.number() != 1) continue;
    for (ProtoFile info = message.Nested("meta info"); info.Next();) {
      if (info.number() == 4) graph.tags.push_back(info.Read(kMaxTextBytes));
      if (info.number() == 5) {
        graph.tensorflow_version = info.Read(kMaxTextBytes);
      }
    }
    break;
  }
  return graph;
}

bool LooksLikeMetaGraph(ProtoFile message) {
  int infos = 0;
  bool has_graph = false;
  while (message.Next()) {
    if (message.number() > 7 || message.wire() != 2) return false;
    if (message.number() == 1 && ++infos > 1) return false;
    if (message.number() != 2) continue;
    has_graph = true;
    ProtoFile graph = message.Nested("graph");
    if (!graph.Next() || graph.wire() != 2) return false;
  }
  return has_graph && infos == 1;
}

}  // namespace ckptdiff
