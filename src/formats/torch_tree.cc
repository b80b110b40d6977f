// One walk over whatever a pickle can make; one file, for each kind of value is
// told from the others by what it is not.

#include "formats/torch_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

using Kind = PickleValue::Kind;

constexpr int kMaxDepth = 500;
constexpr uint64_t kMaxPath = 4096;
// What is free, and how many bytes of pickle each further one takes at least.
constexpr uint64_t kFreeNodes = 65536;
constexpr uint64_t kBytesPerNode = 4;
constexpr uint64_t kFreeTensors = 4096;
constexpr uint64_t kBytesPerTensor = 24;
constexpr uint64_t kFreePaths = 1 << 20;
constexpr uint64_t kPathsPerByte = 16;
constexpr uint64_t kFreeSteps = 1 << 20;
constexpr uint64_t kStepsPerByte = 8;

// Whether there may be tensors in it.
bool CanHold(const PickleValue& value) {
  return value.is_mapping || value.is_call() || value.is_sequence();
}

bool IsOptimizer(const PickleValue& mapping) {
  return Find(mapping, "param_groups") != nullptr &&
         Find(mapping, "state") != nullptr;
}

}  // namespace

// A pickle can name one container many times, and itself: so each step is
// counted, and what stands above is not entered again.
class TorchTree::Builder {
 public:
  Builder(TorchTree* tree, uint64_t bytes, const TensorDecoder& decode)
      : tree_(*tree), bytes_(bytes), decode_(decode) {}

  // Adds the value under a name, where it is or holds a tensor.
  void Add(const PickleValue& value, uint32_t parent, std::string_view name,
           bool has_text_name, int depth);

 private:
  void Step(uint64_t count);
  uint32_t NewNode(uint32_t parent, std::string_view name);
  void AddTensor(uint32_t node, TorchTensor tensor);
  void AddChildren(const PickleValue& value, uint32_t node, int depth);
  void AddSequence(const PickleValue& sequence, uint32_t node, int depth);
  void AddEntries(const PickleValue& mapping, uint32_t node, int depth);
  void AddEntry(const PickleValue& key, const PickleValue& value, size_t index,
                uint32_t node, int depth);
  void AddCall(const PickleValue& made, uint32_t node, int depth);
  void AddObject(const PickleValue& object, uint32_t node, int depth);
  void AddModule(const PickleValue& attributes, uint32_t node, int depth);
  // What is no text: a number, a global's name, else the entry's position.
  std::string_view NameOf(const PickleValue& key, size_t index, bool* is_text);

  TorchTree& tree_;
  uint64_t bytes_;
  const TensorDecoder& decode_;
  uint64_t steps_ = 0;
  uint64_t path_size_ = 0;   // of the names above, joined
  uint64_t paths_size_ = 0;  // of all paths to tensors so far
  std::unordered_set<const PickleValue*> open_;
  std::unordered_set<const PickleValue*> optimizers_;  // live ones
  // Where the next child of each node is linked.
  std::vector<uint32_t> last_child_;
};

void TorchTree::Builder::Step(uint64_t count) {
  steps_ += count;
  if (steps_ > kFreeSteps + bytes_ * kStepsPerByte) {
    throw Corrupt("pickle", fmt::format("{} bytes name their own parts again "
                                        "and again: more than {} entries",
                                        bytes_, steps_));
  }
}

uint32_t TorchTree::Builder::NewNode(uint32_t parent, std::string_view name) {
  uint32_t index = static_cast<uint32_t>(tree_.nodes_.size());
  if (index > kFreeNodes + bytes_ / kBytesPerNode) {
    throw Corrupt("pickle", fmt::format("more than {} containers and tensors "
                                        "in {} bytes",
                                        index, bytes_));
  }
  TorchNode& node = tree_.nodes_.emplace_back();
  node.parent = parent;
  node.name = name;
  last_child_.push_back(TorchNode::kNone);
  if (parent == TorchNode::kNone) return index;
  uint32_t last = last_child_[parent];
  if (last == TorchNode::kNone) {
    tree_.nodes_[parent].first_child = index;
  } else {
    tree_.nodes_[last].next_sibling = index;
  }
  last_child_[parent] = index;
  return index;
}

std::string_view TorchTree::Builder::NameOf(const PickleValue& key,
                                            size_t index, bool* is_text) {
  *is_text = key.is_text();
  if (key.is_text()) return key.text;
  std::optional<int64_t> number = AsInt(&key);
  std::string_view global = GlobalName(&key);
  std::string name = number            ? std::to_string(*number)
                     : !global.empty() ? std::string(global)
                                       : fmt::format("#{}", index);
  return tree_.names_.emplace_back(std::move(name));
}

void TorchTree::Builder::AddEntry(const PickleValue& key,
                                  const PickleValue& value, size_t index,
                                  uint32_t node, int depth) {
  if (!CanHold(value)) return;
  bool is_text = true;
  std::string_view name = NameOf(key, index, &is_text);
  Add(value, node, name, is_text, depth + 1);
}

void TorchTree::Builder::AddEntries(const PickleValue& mapping, uint32_t node,
                                    int depth) {
  Step(mapping.items.size());
  for (size_t i = 0; i + 1 < mapping.items.size(); i += 2) {
    AddEntry(*mapping.items[i], *mapping.items[i + 1], i / 2, node, depth);
  }
}

// In the order of Module.state_dict: parameters, buffers, submodules.
void TorchTree::Builder::AddModule(const PickleValue& attributes, uint32_t node,
                                   int depth) {
  tree_.nodes_[node].kind = TorchNode::Kind::kModule;
  const PickleValue* transient =
      Find(attributes, "_non_persistent_buffers_set");
  for (std::string_view part : {"_parameters", "_buffers", "_modules"}) {
    const PickleValue* entries = Find(attributes, part);
    if (entries == nullptr || !entries->is_mapping) continue;
    size_t before = tree_.nodes_.size();
    AddEntries(*entries, node, depth);
    if (part != "_buffers") continue;
    for (size_t i = before; i < tree_.nodes_.size(); ++i) {
      TorchNode& buffer = tree_.nodes_[i];
      if (buffer.tensor == TorchNode::kNone) continue;
      tree_.tensors_[buffer.tensor].is_parameter = false;
      if (transient == nullptr) continue;
      for (const PickleValue* name : transient->items) {
        Step(1);
        if (name->is_text() && name->text == buffer.name) {
          buffer.is_transient = true;
        }
      }
    }
  }
}

void TorchTree::Builder::AddSequence(const PickleValue& sequence, uint32_t node,
                                     int depth) {
  tree_.nodes_[node].kind = TorchNode::Kind::kSequence;
  Step(sequence.items.size());
  for (size_t i = 0; i < sequence.items.size(); ++i) {
    const PickleValue& item = *sequence.items[i];
    if (!CanHold(item)) continue;
    Add(item, node, tree_.names_.emplace_back(std::to_string(i)), false,
        depth + 1);
  }
}

// What a call makes that no attributes were set on: its items (a deque), or
// what it is made of (a namedtuple). Python 2 makes an OrderedDict of a list of
// pairs.
void TorchTree::Builder::AddCall(const PickleValue& made, uint32_t node,
                                 int depth) {
  if (!made.is_call() || made.call->args == nullptr) return;
  const PickleValue& args = *made.call->args;
  const PickleValue* first = Item(args, 0);
  const bool is_dict = CalledName(made) == "collections.OrderedDict";
  if (!is_dict || first == nullptr) {
    AddSequence(made.items.empty() ? args : made, node, depth);
    return;
  }
  Step(first->items.size());
  for (size_t i = 0; i < first->items.size(); ++i) {
    const PickleValue* key = Item(*first->items[i], 0);
    const PickleValue* value = Item(*first->items[i], 1);
    if (value != nullptr) AddEntry(*key, *value, i, node, depth);
  }
}

void TorchTree::Builder::AddObject(const PickleValue& object, uint32_t node,
                                   int depth) {
  const PickleValue* attributes = Attributes(object);
  if (attributes == nullptr) return AddCall(object, node, depth);
  Step(attributes->items.size());
  if (Find(*attributes, "_parameters") != nullptr &&
      Find(*attributes, "_modules") != nullptr) {
    AddModule(*attributes, node, depth);
  } else if (IsOptimizer(*attributes)) {
    // A scheduler holds its optimizer once more.
    if (!optimizers_.insert(&object).second) return;
    tree_.nodes_[node].kind = TorchNode::Kind::kOptimizer;
    tree_.nodes_[node].value = attributes;
    AddEntries(*attributes, node, depth);
  } else {
    AddEntries(*attributes, node, depth);
  }
}

void TorchTree::Builder::AddChildren(const PickleValue& value, uint32_t node,
                                     int depth) {
  if (value.is_sequence()) {
    AddSequence(value, node, depth);
  } else if (value.is_mapping) {
    Step(value.items.size());
    if (IsOptimizer(value)) {
      tree_.nodes_[node].kind = TorchNode::Kind::kOptimizer;
    }
    AddEntries(value, node, depth);
  } else {
    AddObject(value, node, depth);
  }
}

void TorchTree::Builder::AddTensor(uint32_t node, TorchTensor tensor) {
  tree_.nodes_[node].kind = TorchNode::Kind::kTensor;
  tree_.nodes_[node].tensor = static_cast<uint32_t>(tree_.tensors_.size());
  tree_.tensors_.push_back(std::move(tensor));
  paths_size_ += path_size_;
  if (tree_.tensors_.size() > kFreeTensors + bytes_ / kBytesPerTensor ||
      paths_size_ > kFreePaths + bytes_ * kPathsPerByte) {
    throw Corrupt("pickle",
                  fmt::format("{} tensors with names of {} bytes in "
                              "{} bytes",
                              tree_.tensors_.size(), paths_size_, bytes_));
  }
  for (uint32_t i = node; i != TorchNode::kNone; i = tree_.nodes_[i].parent) {
    ++tree_.nodes_[i].tensors_below;
  }
}

void TorchTree::Builder::Add(const PickleValue& value, uint32_t parent,
                             std::string_view name, bool has_text_name,
                             int depth) {
  if (depth > kMaxDepth) {
    throw Corrupt("pickle", fmt::format("nested deeper than {}", kMaxDepth));
  }
  path_size_ += name.size() + 1;
  if (path_size_ > kMaxPath) {
    throw Corrupt("pickle", fmt::format("a path of {} bytes", path_size_));
  }
  std::optional<TorchTensor> tensor = decode_(value, name);
  if (tensor) {
    uint32_t node = NewNode(parent, name);
    tree_.nodes_[node].has_text_name = has_text_name;
    tree_.nodes_[node].value = &value;
    AddTensor(node, std::move(*tensor));
  } else if (open_.insert(&value).second) {
    uint32_t node = NewNode(parent, name);
    tree_.nodes_[node].has_text_name = has_text_name;
    tree_.nodes_[node].value = &value;
    AddChildren(value, node, depth);
    open_.erase(&value);
  }
  path_size_ -= name.size() + 1;
}

TorchTree::TorchTree(const PickleValue& root, uint64_t bytes,
                     const TensorDecoder& decode) {
  Builder(this, bytes, decode).Add(root, TorchNode::kNone, {}, true, 0);
}

uint32_t TorchTree::Child(uint32_t parent, std::string_view name) const {
  uint32_t found = TorchNode::kNone;
  ForEachChild(*this, parent, [&](uint32_t child) {
    if (nodes_[child].name == name) found = child;
  });
  return found;
}

std::string TorchTree::PathBelow(uint32_t ancestor, uint32_t node,
                                 char joiner) const {
  std::vector<std::string_view> names;
  for (; node != ancestor && node != TorchNode::kNone;
       node = nodes_[node].parent) {
    names.push_back(nodes_[node].name);
  }
  std::string path;
  for (size_t i = names.size(); i > 0; --i) {
    if (i < names.size()) path += joiner;
    path += names[i - 1];
  }
  return path;
}

bool TorchTree::IsBelow(uint32_t node, uint32_t ancestor) const {
  while (node != ancestor && node != TorchNode::kNone) {
    node = nodes_[node].parent;
  }
  return node == ancestor;
}

const PickleValue* Attributes(const PickleValue& object) {
  if (!object.is_call()) return nullptr;
  const PickleValue* state = object.call->state;
  if (state == nullptr) return nullptr;
  if (state->is_mapping) return state;
  const PickleValue* first = Item(*state, 0);
  return first != nullptr && first->is_mapping ? first : nullptr;
}

}  // namespace ckptdiff
