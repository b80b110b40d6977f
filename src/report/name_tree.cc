#include "report/name_tree.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "report/numbered.h"

namespace ckptdiff {
namespace {

using Node = NameTree::Node;

// Deeper parts of a name stay in one piece: no name makes the walk deep.
constexpr size_t kMostParts = 40;
// Fewer equal branches than this are shown as they are.
constexpr size_t kLeastRepeats = 3;

class Builder {
 public:
  Builder(const Layout& layout, const std::map<size_t, std::string>& facts,
          bool fold)
      : layout_(layout), facts_(facts), fold_(fold) {}

  NameTree Build(const std::vector<size_t>& members) {
    for (size_t i : members) Insert(i);
    for (size_t& root : tree_.roots) root = Join(root);
    for (size_t root : tree_.roots) Sum(root);
    if (fold_) {
      for (size_t root : tree_.roots) FoldBelow(root);
      Fold(&tree_.roots);
    }
    return std::move(tree_);
  }

 private:
  void Insert(size_t variable) {
    const std::string& name = layout_.variables[variable].name;
    char separator = SeparatorOf(name);
    std::vector<std::string_view> parts = Split(name, separator);
    if (parts.size() > kMostParts) {
      const char* begin = parts[kMostParts - 1].data();
      auto left = static_cast<size_t>(name.data() + name.size() - begin);
      parts.resize(kMostParts);
      parts.back() = std::string_view(begin, left);
    }
    size_t parent = NameTree::kNone;
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      parent = Branch(parent, parts[i], separator);
    }
    size_t leaf = Append(parent, parts.back(), separator);
    tree_.nodes[leaf].variable = variable;
  }

  size_t Append(size_t parent, std::string_view label, char separator) {
    size_t at = tree_.nodes.size();
    Node node;
    node.label = label;
    node.separator = separator;
    node.path = parent == NameTree::kNone
                    ? std::string(label)
                    : tree_.nodes[parent].path + separator + std::string(label);
    tree_.nodes.push_back(std::move(node));
    (parent == NameTree::kNone ? tree_.roots : tree_.nodes[parent].children)
        .push_back(at);
    return at;
  }

  size_t Branch(size_t parent, std::string_view label, char separator) {
    std::string key = fmt::format("{}{}{}", parent, separator, label);
    auto [found, is_new] = branches_.emplace(std::move(key), 0);
    if (is_new) found->second = Append(parent, label, separator);
    return found->second;
  }

  // A chain of only children is one node.
  size_t Join(size_t at) {
    while (tree_.nodes[at].children.size() == 1) {
      size_t child = tree_.nodes[at].children[0];
      if (tree_.nodes[child].variable != NameTree::kNone) break;
      tree_.nodes[child].label = tree_.nodes[at].label +
                                 tree_.nodes[child].separator +
                                 tree_.nodes[child].label;
      at = child;
    }
    for (size_t i = 0; i < tree_.nodes[at].children.size(); ++i) {
      tree_.nodes[at].children[i] = Join(tree_.nodes[at].children[i]);
    }
    return at;
  }

  void Sum(size_t at) {
    Node& node = tree_.nodes[at];
    if (node.variable != NameTree::kNone) {
      const Variable& variable = layout_.variables[node.variable];
      node.variables = 1;
      node.parameters = variable.shape.Elements().value_or(0);
    }
    for (size_t child : node.children) {
      Sum(child);
      node.variables += tree_.nodes[child].variables;
      node.parameters += tree_.nodes[child].parameters;
    }
  }

  // What a branch holds, whatever it is called itself.
  uint64_t Content(size_t at) {
    auto [found, is_new] = contents_.emplace(at, 0);
    if (!is_new) return found->second;
    const Node& node = tree_.nodes[at];
    auto facts = facts_.find(node.variable);
    uint64_t hash =
        HashParts({facts == facts_.end() ? "" : facts->second, "of"});
    for (size_t child : node.children) {
      const Node& below = tree_.nodes[child];
      hash = HashParts({std::to_string(hash), below.label,
                        std::to_string(below.times),
                        std::to_string(Content(child))});
    }
    contents_[at] = hash;
    return hash;
  }

  void FoldBelow(size_t at) {
    for (size_t child : tree_.nodes[at].children) FoldBelow(child);
    Fold(&tree_.nodes[at].children);
  }

  // Siblings of equal content whose labels differ by numbers alone become the
  // first of them.
  void Fold(std::vector<size_t>* siblings) {
    std::map<std::pair<std::string, uint64_t>, std::vector<size_t>> alike;
    for (size_t at : *siblings) {
      alike[{NumberPattern(tree_.nodes[at].label), Content(at)}].push_back(at);
    }
    std::unordered_set<size_t> gone;
    for (const auto& [key, set] : alike) {
      if (set.size() < kLeastRepeats) continue;
      std::vector<std::string> labels;
      for (size_t at : set) labels.push_back(tree_.nodes[at].label);
      std::string merged = MergeNumbered(labels);
      if (merged.empty()) continue;
      tree_.nodes[set[0]].label = merged;
      tree_.nodes[set[0]].times = set.size();
      for (size_t i = 1; i < set.size(); ++i) gone.insert(set[i]);
    }
    std::erase_if(*siblings, [&](size_t at) { return gone.contains(at); });
  }

  const Layout& layout_;
  const std::map<size_t, std::string>& facts_;
  const bool fold_;
  NameTree tree_;
  std::unordered_map<std::string, size_t> branches_;
  std::unordered_map<size_t, uint64_t> contents_;
};

}  // namespace

NameTree BuildNameTree(const Layout& layout, const std::vector<size_t>& members,
                       const std::map<size_t, std::string>& facts, bool fold) {
  return Builder(layout, facts, fold).Build(members);
}

}  // namespace ckptdiff
