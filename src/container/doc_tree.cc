#include "container/doc_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/json_cursor.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

constexpr size_t kMostLevels = 200;
constexpr size_t kBlock = 4096;  // members

class Parser {
 public:
  explicit Parser(std::string_view text)
      : text_(text),
        cursor_(text, [this](size_t position) { return Where(position); }) {}

  void Parse(DocTree* tree) {
    tree_ = tree;
    tree->root = Value();
    cursor_.Finish();
  }

 private:
  DocNode Value() {
    char first = cursor_.Peek();
    DocNode node;
    node.line = Line();
    size_t start = cursor_.position();
    switch (first) {
      case '{': Object(&node); break;
      case '[': Array(&node); break;
      case '"':
        node.kind = Kind::kText;
        node.text = cursor_.Text();
        return node;
      case 't':
      case 'f': node.kind = Kind::kBool; break;
      case 'n': break;
      default: node.kind = Kind::kNumber;
    }
    if (first != '{' && first != '[') cursor_.Skip();
    node.text = text_.substr(start, cursor_.position() - start);
    return node;
  }

  void Object(DocNode* node) {
    node->kind = Kind::kObject;
    size_t bottom = Enter();
    cursor_.EnterObject();
    while (auto name = cursor_.NextMember()) {
      path_.back().name = *name;
      open_.push_back({*name, Value()});
    }
    node->members = Leave(bottom);
    CheckNames(*node);
  }

  void Array(DocNode* node) {
    node->kind = Kind::kArray;
    size_t bottom = Enter();
    path_.back().index = 0;
    cursor_.EnterArray();
    for (; cursor_.NextElement(); ++*path_.back().index) {
      open_.push_back({{}, Value()});
    }
    node->members = Leave(bottom);
  }

  // The members of all containers that are open lie on one stack.
  size_t Enter() {
    if (path_.size() >= kMostLevels) {
      throw Corrupt(fmt::format("line {}", line_),
                    fmt::format("nests deeper than {} levels", kMostLevels));
    }
    path_.emplace_back();
    return open_.size();
  }

  DocMembers Leave(size_t bottom) {
    path_.pop_back();
    DocMembers members =
        tree_->Own(open_.data() + bottom, open_.size() - bottom);
    open_.resize(bottom);
    return members;
  }

  // Counted forward from the last one asked for.
  uint32_t Line() {
    size_t here = cursor_.position();
    for (; counted_ < here && counted_ < text_.size(); ++counted_) {
      if (text_[counted_] == '\n') ++line_;
    }
    return line_;
  }

  std::string Where(size_t position) const {
    std::string_view before = text_.substr(0, position);
    auto line = 1 + std::count(before.begin(), before.end(), '\n');
    size_t column = before.size() - (before.rfind('\n') + 1) + 1;
    std::string path = ToString(path_);
    return fmt::format("line {}, column {}{}{}", line, column,
                       path.empty() ? "" : ": ", path);
  }

  std::string_view text_;
  std::vector<DocStep> path_;
  std::vector<DocMember> open_;
  DocTree* tree_ = nullptr;
  size_t counted_ = 0;
  uint32_t line_ = 1;
  JsonCursor cursor_;  // asks for Where
};

void AppendJson(const DocNode& node, std::string* out) {
  switch (node.kind) {
    case Kind::kNull: *out += "null"; return;
    case Kind::kText: *out += nlohmann::json(node.text).dump(); return;
    case Kind::kBool:
    case Kind::kNumber: *out += node.text; return;
    case Kind::kArray:
    case Kind::kObject: break;
  }
  bool is_object = node.is(Kind::kObject);
  *out += is_object ? '{' : '[';
  bool is_first = true;
  for (const auto& [name, value] : node.members) {
    if (!is_first) *out += ", ";
    is_first = false;
    if (is_object) *out += nlohmann::json(name).dump() + ": ";
    AppendJson(value, out);
  }
  *out += is_object ? '}' : ']';
}

}  // namespace

const DocNode* DocNode::Find(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string ToJson(const DocNode& node) {
  bool is_nested = node.is(Kind::kArray) || node.is(Kind::kObject);
  if (is_nested && !node.text.empty()) return std::string(node.text);
  std::string json;
  AppendJson(node, &json);
  return json;
}

void CheckNames(const DocNode& object) {
  constexpr size_t kFew = 16;
  auto fail = [](std::string_view name, const DocNode& value) {
    throw Corrupt(fmt::format("line {}", value.line),
                  fmt::format("\"{}\" stands twice in one object", name));
  };
  const auto& members = object.members;
  if (members.size() <= kFew) {
    for (size_t i = 1; i < members.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (members[i].name == members[j].name) {
          fail(members[i].name, members[i].value);
        }
      }
    }
    return;
  }
  std::unordered_set<std::string_view> seen;
  for (const auto& [name, value] : members) {
    if (!seen.insert(name).second) fail(name, value);
  }
}

std::string ToString(const std::vector<DocStep>& path) {
  std::string out;
  for (const DocStep& step : path) {
    if (step.index) {
      out += fmt::format("[{}]", *step.index);
    } else {
      if (!out.empty() && !step.name.empty()) out += '.';
      out += step.name;
    }
  }
  return Printable(out);
}

std::string_view DocTree::Own(std::string text) {
  return texts_.emplace_back(std::move(text));
}

DocMembers DocTree::Own(const DocMember* first, size_t size) {
  if (size == 0) return {};
  if (size > block_size_ - block_used_) {
    block_size_ = std::max(size, kBlock);
    block_used_ = 0;
    blocks_.push_back(std::make_unique<DocMember[]>(block_size_));
  }
  DocMember* to = blocks_.back().get() + block_used_;
  std::copy_n(first, size, to);
  block_used_ += size;
  return {to, size};
}

DocTree ParseJsonTree(std::string_view text) {
  auto parser = std::make_shared<Parser>(text);
  DocTree tree;
  parser->Parse(&tree);
  tree.keeper = parser;
  return tree;
}

}  // namespace ckptdiff
