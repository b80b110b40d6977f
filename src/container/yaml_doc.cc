#include "container/yaml_doc.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

constexpr size_t kMostLevels = 200;
constexpr size_t kSpareNodes = 1000;  // beyond what so many bytes can say

std::string AtLine(const YAML::Mark& mark) {
  return fmt::format("line {}", mark.line + 1);
}

std::string AtColumn(const YAML::Mark& mark, const std::string& path) {
  return fmt::format("line {}, column {}{}{}", mark.line + 1, mark.column + 1,
                     path.empty() ? "" : ": ", path);
}

std::string_view WithoutPlus(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return text;
}

bool IsNumber(std::string_view text) {
  text = WithoutPlus(text);
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) {
    return false;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

// What a plain scalar is.
Kind KindOf(std::string_view text) {
  for (std::string_view null : {"", "~", "null", "Null", "NULL"}) {
    if (text == null) return Kind::kNull;
  }
  for (std::string_view word :
       {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return Kind::kBool;
  }
  return IsNumber(text) ? Kind::kNumber : Kind::kText;
}

// As JSON spells it: "+1." and "01" are numbers in YAML alone.
std::string Spelled(Kind kind, std::string_view text) {
  if (kind == Kind::kBool) {
    return text[0] == 't' || text[0] == 'T' ? "true" : "false";
  }
  if (kind != Kind::kNumber) return std::string(text);
  text = WithoutPlus(text);
  int64_t whole = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, whole);
  if (error == std::errc() && stop == end) return std::to_string(whole);
  double value = 0;
  std::from_chars(text.data(), end, value);
  return fmt::format("{}", value);
}

// Builds the tree from the events of yaml-cpp, which has no tree of its own
// then: what it needs for a node is many times what we do.
class Builder : public YAML::EventHandler {
 public:
  Builder(DocTree* tree, size_t most_nodes)
      : tree_(*tree), most_nodes_(most_nodes) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Scalar(mark, anchor, Kind::kNull, "");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    if (tag == "!") last_quoted_ = mark;
    if (WantsKey()) {
      levels_.back().key = tree_.Own(value);
      return;
    }
    Kind kind = tag == "?" ? KindOf(value) : Kind::kText;
    Scalar(mark, anchor, kind, value);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Corrupt(AtLine(mark), "an alias stands inside of what it repeats");
    }
    Begin(mark, found->second.nodes);
    Place(found->second.node);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, Kind::kArray);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    Open(mark, anchor, Kind::kObject);
  }
  void OnMapEnd() override { Close(); }

  // Null: no scalar has quotes.
  const YAML::Mark& last_quoted() const { return last_quoted_; }

  // Of what is being read.
  std::string Path() const {
    std::vector<DocStep> path;
    for (const Level& level : levels_) {
      DocStep& step = path.emplace_back();
      if (level.node.is(Kind::kArray)) {
        step.index = level.members.size();
      } else {
        step.name = level.key.value_or(std::string_view());
      }
    }
    return ToString(path);
  }

 private:
  struct Level {
    DocNode node;
    YAML::anchor_t anchor;
    size_t nodes_before;
    std::vector<DocMember> members;
    std::optional<std::string_view> key;  // of an object: the member to come
  };
  struct Anchored {
    DocNode node;
    size_t nodes;
  };

  bool WantsKey() const {
    return !levels_.empty() && levels_.back().node.is(Kind::kObject) &&
           !levels_.back().key;
  }

  void Begin(const YAML::Mark& mark, size_t nodes) {
    if (WantsKey()) throw Corrupt(AtLine(mark), "a key has to be a name");
    nodes_ += nodes;
    if (nodes_ <= most_nodes_) return;
    throw Corrupt(AtLine(mark), "aliases make more of it than is read");
  }

  void Scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind,
              const std::string& value) {
    Begin(mark, 1);
    DocNode node;
    node.kind = kind;
    node.line = static_cast<uint32_t>(mark.line) + 1;
    node.text = tree_.Own(Spelled(kind, value));
    if (anchor != 0) anchors_[anchor] = {node, 1};
    Place(node);
  }

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind) {
    Begin(mark, 1);
    if (levels_.size() >= kMostLevels) {
      throw Corrupt(AtLine(mark),
                    fmt::format("nests deeper than {} levels", kMostLevels));
    }
    DocNode node;
    node.kind = kind;
    node.line = static_cast<uint32_t>(mark.line) + 1;
    levels_.push_back({node, anchor, nodes_, {}, std::nullopt});
  }

  void Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    level.node.members = tree_.Own(level.members.data(), level.members.size());
    if (level.node.is(Kind::kObject)) CheckNames(level.node);
    if (level.anchor != 0) {
      anchors_[level.anchor] = {level.node, nodes_ - level.nodes_before + 1};
    }
    Place(level.node);
  }

  void Place(const DocNode& node) {
    if (levels_.empty()) {
      tree_.root = node;
      return;
    }
    Level& level = levels_.back();
    level.members.push_back({level.key.value_or(std::string_view()), node});
    level.key.reset();
  }

  DocTree& tree_;
  const size_t most_nodes_;
  size_t nodes_ = 0;
  YAML::Mark last_quoted_ = YAML::Mark::null_mark();
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
};

// yaml-cpp takes the end of the text for the end of a quoted scalar where a
// line break stands between them. Only the last one can be open.
void CheckClosed(std::string_view text, const YAML::Mark& quoted) {
  if (quoted.is_null()) return;
  for (int line = 0; line < quoted.line; ++line) {
    size_t end = text.find('\n');
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
  size_t at = static_cast<size_t>(quoted.column);
  if (at >= text.size()) return;
  char quote = text[at];
  if (quote != '"' && quote != '\'') return;  // a block, a tag
  for (++at; at < text.size(); ++at) {
    bool is_doubled = quote == '\'' && text.substr(at).starts_with("''");
    if (text[at] == quote && !is_doubled) return;
    if (is_doubled || (quote == '"' && text[at] == '\\')) ++at;
  }
  throw Corrupt(AtColumn(quoted, ""),
                fmt::format("the quote {} is not closed", quote));
}

// The commonest mistake, of which yaml-cpp says something else.
bool IsIndentedByTab(const std::string& text) {
  size_t line = 0;
  while (line < text.size()) {
    size_t first = text.find_first_not_of(' ', line);
    if (first != text.npos && text[first] == '\t') return true;
    line = text.find('\n', line);
    if (line == text.npos) return false;
    ++line;
  }
  return false;
}

}  // namespace

DocTree ParseYamlTree(const std::string& text) {
  DocTree tree;
  Builder builder(&tree, text.size() / 2 + kSpareNodes);
  std::istringstream stream(text);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    CheckClosed(text, builder.last_quoted());
    DocTree second;
    Builder ignored(&second, kSpareNodes);
    if (parser.HandleNextDocument(ignored)) {
      throw Corrupt({}, "holds several YAML documents, one is wanted");
    }
  } catch (const YAML::ParserException& error) {
    throw ParseError(
        ErrorCode::kCorrupt, AtColumn(error.mark, builder.Path()),
        fmt::format("is no YAML: {}", error.msg),
        IsIndentedByTab(text) ? "indent with spaces, not tabs" : "");
  }
  return tree;
}

}  // namespace ckptdiff
