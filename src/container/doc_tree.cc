#include "container/doc_tree.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "base/parse_error.h"
#include "container/json_cursor.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

constexpr int kMostLevels = 200;

class Parser {
 public:
  Parser(std::string_view text, JsonCursor* cursor)
      : text_(text), cursor_(*cursor) {}

  DocNode Value(int depth) {
    char first = cursor_.Peek();
    DocNode node;
    node.line = Line();
    size_t start = cursor_.position();
    switch (first) {
      case '{': Object(depth, &node); break;
      case '[': Array(depth, &node); break;
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

 private:
  void Object(int depth, DocNode* node) {
    CheckDepth(depth);
    node->kind = Kind::kObject;
    cursor_.EnterObject();
    while (auto name = cursor_.NextMember()) {
      node->members.emplace_back(*name, Value(depth + 1));
    }
    CheckNames(*node);
  }

  void Array(int depth, DocNode* node) {
    CheckDepth(depth);
    node->kind = Kind::kArray;
    cursor_.EnterArray();
    while (cursor_.NextElement()) {
      node->members.emplace_back(std::string_view(), Value(depth + 1));
    }
  }

  void CheckDepth(int depth) const {
    if (depth < kMostLevels) return;
    throw Corrupt(fmt::format("line {}", line_),
                  fmt::format("nests deeper than {} levels", kMostLevels));
  }

  // Counted forward from the last one asked for.
  uint32_t Line() {
    size_t here = cursor_.position();
    for (; counted_ < here && counted_ < text_.size(); ++counted_) {
      if (text_[counted_] == '\n') ++line_;
    }
    return line_;
  }

  std::string_view text_;
  JsonCursor& cursor_;
  size_t counted_ = 0;
  uint32_t line_ = 1;
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
        if (members[i].first == members[j].first) {
          fail(members[i].first, members[i].second);
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

DocTree ParseJsonTree(std::string_view text) {
  auto cursor = std::make_shared<JsonCursor>(text, "");
  DocTree tree;
  tree.root = Parser(text, cursor.get()).Value(0);
  cursor->Finish();
  tree.keeper = cursor;
  return tree;
}

}  // namespace ckptdiff
