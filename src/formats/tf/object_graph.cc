#include "formats/tf/object_graph.h"

#include <fmt/format.h>

#include <deque>

#include "base/parse_error.h"
#include "container/tf_proto.h"

namespace ckptdiff {
namespace {

// Deep graphs under long names have paths that add up; real ones to a few MB.
constexpr size_t kMaxPathBytes = 64 << 20;

uint32_t NodeId(const ProtoMessage& message) {
  if (message.Varint() > UINT32_MAX) message.Fail("has no node id");
  return static_cast<uint32_t>(message.Varint());
}

ObjectNode::Child ReadChild(ProtoMessage message) {
  ObjectNode::Child child;
  while (message.Next()) {
    if (message.number() == 1) child.node = NodeId(message);
    if (message.number() == 2) child.name = message.Text();
  }
  return child;
}

ObjectNode::Attribute ReadAttribute(ProtoMessage message) {
  ObjectNode::Attribute attribute;
  while (message.Next()) {
    if (message.number() == 1) attribute.name = message.Text();
    if (message.number() == 2) attribute.full_name = message.Text();
    if (message.number() == 3) attribute.key = message.Text();
  }
  return attribute;
}

ObjectNode::SlotVariable ReadSlotVariable(ProtoMessage message) {
  ObjectNode::SlotVariable slot;
  while (message.Next()) {
    if (message.number() == 1) slot.original = NodeId(message);
    if (message.number() == 2) slot.name = message.Text();
    if (message.number() == 3) slot.slot = NodeId(message);
  }
  return slot;
}

ObjectNode::SavedVariable ReadSavedVariable(ProtoMessage message) {
  ObjectNode::SavedVariable variable;
  variable.shape = Shape::Of({});
  while (message.Next()) {
    switch (message.number()) {
      case 1:
        variable.dtype = TfDTypeName(message.Varint()).value_or("");
        break;
      case 2:
        variable.shape = ReadTensorShape(message.Nested("variable: shape"));
        break;
      case 3: variable.trainable = message.Bool(); break;
      case 6: variable.name = message.Text(); break;
      default: break;
    }
  }
  return variable;
}

void ReadUserObject(ProtoMessage message, ObjectNode* node) {
  while (message.Next()) {
    if (message.number() == 1) node->identifier = message.Text();
    if (message.number() == 3) node->metadata = message.Text();
  }
}

// What both graphs spell alike.
void ReadEdge(const ProtoMessage& message, ObjectNode* node) {
  if (message.number() == 1) {
    node->children.push_back(ReadChild(message.Nested("child")));
  } else if (message.number() == 3) {
    node->slots.push_back(ReadSlotVariable(message.Nested("slot variable")));
  }
}

ObjectNode ReadTrackable(ProtoMessage message) {
  ObjectNode node;
  while (message.Next()) {
    ReadEdge(message, &node);
    if (message.number() == 2) {
      node.attributes.push_back(ReadAttribute(message.Nested("attribute")));
    }
  }
  return node;
}

ObjectNode ReadSaved(ProtoMessage message) {
  ObjectNode node;
  while (message.Next()) {
    ReadEdge(message, &node);
    if (message.number() == 4) {
      ReadUserObject(message.Nested("user object"), &node);
    } else if (message.number() == 7) {
      node.variable = ReadSavedVariable(message.Nested("variable"));
    }
  }
  return node;
}

void CheckNodeIds(const ObjectGraph& graph) {
  auto check = [&](uint32_t id) {
    if (id >= graph.nodes.size()) {
      throw Corrupt("object graph",
                    fmt::format("names node {} of {}", id, graph.nodes.size()));
    }
  };
  for (const ObjectNode& node : graph.nodes) {
    for (const auto& child : node.children) check(child.node);
    for (const auto& slot : node.slots) {
      check(slot.original);
      check(slot.slot);
    }
  }
}

ObjectGraph Parse(Bytes bytes, ObjectNode (*read)(ProtoMessage)) {
  ObjectGraph graph;
  for (ProtoMessage message(bytes, "object graph"); message.Next();) {
    if (message.number() == 1) {
      graph.nodes.push_back(read(message.Nested("object graph: node")));
    }
  }
  CheckNodeIds(graph);
  return graph;
}

// A name as a part of a key: `.` is doubled, `/` is `.S`.
std::string Escape(std::string_view name) {
  std::string escaped;
  for (char c : name) {
    if (c == '.') {
      escaped += "..";
    } else if (c == '/') {
      escaped += ".S";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

const ObjectNode::Child* ObjectNode::Find(std::string_view name) const {
  for (const Child& child : children) {
    if (child.name == name) return &child;
  }
  return nullptr;
}

ObjectGraph ParseTrackableObjectGraph(Bytes bytes) {
  return Parse(bytes, ReadTrackable);
}

ObjectGraph ParseSavedObjectGraph(Bytes bytes) {
  return Parse(bytes, ReadSaved);
}

std::vector<uint32_t> ReadingOrder(const ObjectGraph& graph) {
  std::vector<uint32_t> order;
  if (graph.nodes.empty()) return order;
  std::vector<bool> seen(graph.nodes.size());
  std::vector<uint32_t> stack = {0};
  while (!stack.empty()) {
    uint32_t id = stack.back();
    stack.pop_back();
    if (seen[id]) continue;
    seen[id] = true;
    order.push_back(id);
    const auto& children = graph.nodes[id].children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      if (!seen[child->node]) stack.push_back(child->node);
    }
  }
  return order;
}

std::vector<std::optional<std::string>> ObjectPaths(const ObjectGraph& graph) {
  std::vector<std::optional<std::string>> paths(graph.nodes.size());
  if (paths.empty()) return paths;
  paths[0] = "";
  size_t total = 0;
  std::deque<uint32_t> queue = {0};
  while (!queue.empty()) {
    uint32_t id = queue.front();
    queue.pop_front();
    for (const auto& child : graph.nodes[id].children) {
      if (paths[child.node]) continue;
      std::string path = *paths[id];
      if (id != 0) path += '/';
      path += Escape(child.name);
      total += path.size();
      if (total > kMaxPathBytes) {
        throw Unsupported("object graph", "has paths beyond 64 MiB");
      }
      paths[child.node] = std::move(path);
      queue.push_back(child.node);
    }
  }
  return paths;
}

std::string PathOfKey(std::string_view key) {
  size_t end = key.rfind("/.ATTRIBUTES/");
  std::string_view path = key.substr(0, end);
  std::string plain;
  for (size_t i = 0; i < path.size(); ++i) {
    bool is_pair = path[i] == '.' && i + 1 < path.size();
    if (is_pair && path[i + 1] == '.') {
      plain += '.';
      ++i;
    } else if (is_pair && path[i + 1] == 'S') {
      plain += '/';
      ++i;
    } else {
      plain += path[i];
    }
  }
  return plain;
}

}  // namespace ckptdiff
