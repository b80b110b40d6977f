// What hangs in a torch file: its dicts, lists and modules as a tree whose
// leaves are tensors. Everything else (numbers, texts) is left out.

#ifndef CKPTDIFF_FORMATS_TORCH_TREE_H_
#define CKPTDIFF_FORMATS_TORCH_TREE_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "container/pickle.h"
#include "formats/torch_tensor.h"

namespace ckptdiff {

struct TorchNode {
  enum class Kind : uint8_t {
    kTensor,
    kMapping,    // a dict, or an object by its attributes
    kSequence,   // a list or a tuple
    kModule,     // an nn.Module: its parameters, buffers and submodules
    kOptimizer,  // {'state': …, 'param_groups': …}, or the live object
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  Kind kind = Kind::kMapping;
  bool has_text_name = true;  // false: a number, a tuple, …
  bool is_transient = false;  // a buffer that state_dict leaves out
  uint32_t parent = kNone;
  uint32_t first_child = kNone;
  uint32_t next_sibling = kNone;
  uint32_t tensor = kNone;     // in TorchTree::tensors
  uint32_t tensors_below = 0;  // itself included
  std::string_view name;       // one step of the path
  const PickleValue* value = nullptr;
};

class TorchTree {
 public:
  // `bytes` is the size of the pickle: it bounds what an honest one can hold.
  // Throws ParseError(kCorrupt) beyond that, or where a tensor is impossible.
  // The pickle that `root` is of must outlive the tree.
  TorchTree(const PickleValue& root, uint64_t bytes,
            const TensorDecoder& decode = ReadTensor);

  // nodes()[0] is the root; a node stands before what is below it.
  const std::vector<TorchNode>& nodes() const { return nodes_; }
  const TorchNode& node(uint32_t index) const { return nodes_[index]; }
  const TorchTensor& tensor(const TorchNode& node) const {
    return tensors_[node.tensor];
  }

  // The child of that name; kNone where there is none.
  uint32_t Child(uint32_t node, std::string_view name) const;
  // Names from below `ancestor` to the node, joined.
  std::string PathBelow(uint32_t ancestor, uint32_t node, char joiner) const;
  std::string Path(uint32_t node, char joiner) const {
    return PathBelow(0, node, joiner);
  }
  bool IsBelow(uint32_t node, uint32_t ancestor) const;

 private:
  class Builder;

  std::vector<TorchNode> nodes_;
  std::vector<TorchTensor> tensors_;
  std::deque<std::string> names_;  // those that are no text of the pickle
};

// Calls `visit` with every child of `node`.
template <typename Visit>
void ForEachChild(const TorchTree& tree, uint32_t node, Visit visit) {
  for (uint32_t child = tree.node(node).first_child; child != TorchNode::kNone;
       child = tree.node(child).next_sibling) {
    visit(child);
  }
}

// The attributes of an object: the dict that BUILD set, or that stands in a
// (dict, slots) pair. nullptr where there are none.
const PickleValue* Attributes(const PickleValue& object);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_TREE_H_
