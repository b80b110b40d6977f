// The whole of a layout document, field by field: one file, because what one
// field means depends on which others were there.

#include "formats/document/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/parse_error.h"
#include "base/text.h"
#include "layout/expand.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

using Kind = DocNode::Kind;

// Variables that patterns and slots make, beyond those that are written.
constexpr size_t kMostMade = 100'000;
constexpr std::string_view kSchema = "ckptdiff/layout/v1";

// A string that layers[].variables uses to name a variable.
struct Reference {
  std::string name;
  std::string layer;
  uint32_t line;
};

class Document {
 public:
  explicit Document(std::vector<std::string>* remarks) : reading_(remarks) {}

  Layout Read(const DocNode& root) {
    Place top;
    Fields fields(root, top,
                  {"schema", "source", "variables", "layers", "optimizers",
                   "optimizer", "issues", "ignore", "rename", "separator"},
                  &reading_);
    CheckSchema(fields);
    if (fields.Get("separator") != nullptr) {
      separator_ = TextAt(*fields.Get("separator"), fields.At("separator"));
    }
    if (const DocNode* source = fields.Get("source")) {
      ReadSource(*source, fields.At("source"));
    }
    ReadOptimizers(fields);
    defines_all_ = fields.Get("variables") != nullptr;
    bool says_something = defines_all_ || fields.Get("layers") != nullptr;
    if (!says_something) {
      Reading::Fail(top, "has neither \"variables\" nor \"layers\"");
    }
    if (const DocNode* variables = fields.Get("variables")) {
      ReadVariables(*variables, fields.At("variables"), "", "");
    }
    if (const DocNode* layers = fields.Array("layers")) {
      ReadLayers(*layers, fields.At("layers"), "");
    }
    Resolve();
    ReadIssues(fields);
    layout_.ignore = fields.Texts("ignore");
    ReadRenames(fields);
    CheckIdentities();
    size_t most = kMostMade + 8 * layout_.variables.size();
    if (!ExpandLayout(said_, most, &layout_)) {
      Reading::Fail(top, "its optimizers make more slots than are read");
    }
    return std::move(layout_);
  }

 private:
  static void CheckSchema(const Fields& fields) {
    Place at = fields.At("schema");
    std::string schema = TextAt(fields.Required("schema"), at);
    if (schema == kSchema) return;
    bool is_ours = schema.starts_with("ckptdiff/layout/");
    if (is_ours) {
      throw Unsupported(
          "schema", fmt::format("\"{}\" is not read by this version", schema));
    }
    Reading::Fail(at, fmt::format("is \"{}\", a layout document says \"{}\"",
                                  schema, kSchema));
  }

  void ReadSource(const DocNode& node, const Place& place) {
    Fields fields(node, place,
                  {"path", "resolved", "format", "framework", "writer", "step",
                   "addressed_by"},
                  &reading_);
    // Path and format are the document's own once it is read.
    layout_.source.framework = fields.Text("framework");
    layout_.source.writer = fields.Text("writer");
    layout_.source.step = fields.Integer("step");
    std::string by = fields.Text("addressed_by");
    std::optional<AddressedBy> known = AddressedByFromString(by);
    if (!by.empty() && !known) {
      reading_.Remark(fields.At("addressed_by"),
                      fmt::format("unknown addressed_by \"{}\"; it is \"name\","
                                  " \"key\" or \"order\"",
                                  by));
    }
    layout_.source.addressed_by = known.value_or(AddressedBy::kName);
  }

  void ReadOptimizers(const Fields& fields) {
    if (const DocNode* one = fields.Get("optimizer")) {
      ReadOptimizer(*one, fields.At("optimizer"));
    }
    const DocNode* several = fields.Array("optimizers");
    if (several == nullptr) return;
    Place place = fields.At("optimizers");
    for (size_t i = 0; i < several->members.size(); ++i) {
      const DocNode& node = several->members[i].value;
      ReadOptimizer(node, place.Element(i, node.line));
    }
  }

  // A text alone is its class.
  void ReadOptimizer(const DocNode& node, const Place& place) {
    Optimizer optimizer;
    bool says_slots = false;
    if (node.is(Kind::kText)) {
      optimizer.class_name = TextAt(node, place);
    } else {
      Fields fields(node, place, {"id", "class", "slots", "settings"},
                    &reading_);
      optimizer.id = fields.Text("id");
      if (fields.Get("class") != nullptr) {
        optimizer.class_name = fields.Text("class");
      }
      optimizer.slots = fields.Texts("slots");
      says_slots = fields.Get("slots") != nullptr;
      if (const DocNode* settings = fields.Object("settings")) {
        for (const auto& [name, value] : settings->members) {
          optimizer.settings.push_back({std::string(name), ToJson(value)});
        }
      }
    }
    if (!says_slots) CheckClass(optimizer, place);
    bool says_id = !optimizer.id.empty();
    if (!says_id) optimizer.id = FreeId(optimizer.class_name.value_or(""));
    if (says_id && HasOptimizer(optimizer.id)) {
      Reading::Fail(place, fmt::format("a second optimizer with the id \"{}\"",
                                       optimizer.id));
    }
    said_.slots.push_back(says_slots);
    layout_.optimizers.push_back(std::move(optimizer));
  }

  // Whose slots follow from the class, and would silently be none.
  void CheckClass(const Optimizer& optimizer, const Place& place) {
    const std::string name = optimizer.class_name.value_or("");
    if (name.empty() || IsOptimizerClass(name)) return;
    std::string_view nearest =
        Nearest(name, {"Adadelta", "Adafactor", "Adagrad", "Adam", "Adamax",
                       "AdamW", "Ftrl", "Lamb", "Lion", "Momentum", "Muon",
                       "Nadam", "RAdam", "RMSprop", "SGD"});
    reading_.Remark(
        place,
        fmt::format("which slots the optimizer \"{}\" keeps is not known; "
                    "{}",
                    name,
                    nearest.empty()
                        ? "say it: slots: [m, v]"
                        : fmt::format("did you mean \"{}\"?", nearest)));
  }

  bool HasOptimizer(const std::string& id) const {
    return std::any_of(layout_.optimizers.begin(), layout_.optimizers.end(),
                       [&](const Optimizer& one) { return one.id == id; });
  }

  // "Adam", then "Adam#2".
  std::string FreeId(std::string base) const {
    if (base.empty()) base = "optimizer";
    std::string id = base;
    for (int n = 2; HasOptimizer(id); ++n) id = fmt::format("{}#{}", base, n);
    return id;
  }

  // An array of objects (or names), or a mapping of names to shapes. Inside a
  // layer names are relative to `prefix`, and a name alone is a reference.
  void ReadVariables(const DocNode& node, const Place& place,
                     const std::string& prefix, const std::string& layer) {
    if (node.is(Kind::kObject)) return ReadMapping(node, place, prefix, layer);
    if (!node.is(Kind::kArray)) FailKind(node, "an array or a mapping", place);
    // In layers, of which there may be many, growing by doubling is cheaper.
    if (layer.empty()) layout_.variables.reserve(node.members.size());
    for (size_t i = 0; i < node.members.size(); ++i) {
      const DocNode& one = node.members[i].value;
      Place at = place.Element(i, one.line);
      if (one.is(Kind::kText) && !layer.empty()) {
        references_.push_back({TextAt(one, at), layer, one.line});
      } else if (one.is(Kind::kText)) {
        WrittenVariable named;
        named.variable.name = TextAt(one, at);
        Add(std::move(named), "", layer, one.line);
      } else {
        Add(ReadWrittenVariable(one, at, "", &reading_), prefix, layer,
            one.line);
      }
    }
  }

  void ReadMapping(const DocNode& node, const Place& place,
                   const std::string& prefix, const std::string& layer) {
    for (const auto& [pattern, value] : node.members) {
      Place at = place.Member(pattern, value.line);
      if (pattern.empty()) Reading::Fail(at, "a name is empty");
      WrittenVariable written =
          ReadMappedVariable(value, at, std::string(pattern), &reading_);
      std::vector<std::string> names = ExpandBraces(pattern);
      CheckBraces(pattern, names, at);
      made_ += names.size();
      if (made_ > kMostMade + node.members.size()) {
        Reading::Fail(at, fmt::format("patterns stand for more than {} names",
                                      kMostMade));
      }
      for (std::string& name : names) {
        WrittenVariable one = written;
        one.variable.name = std::move(name);
        Add(std::move(one), prefix, layer, value.line);
      }
    }
  }

  // What ExpandBraces leaves as it is, or takes for a list of one: a brace that
  // is not closed, {3..0}, more than it makes.
  static void CheckBraces(std::string_view pattern,
                          const std::vector<std::string>& names,
                          const Place& place) {
    if (pattern.find_first_of("{}") == std::string_view::npos) return;
    const std::string& first = names.front();
    bool is_left = first.find_first_of("{}") != std::string::npos ||
                   first.find("..") != std::string::npos;
    bool is_one = names.size() == 1 && pattern.find("..") == pattern.npos;
    if (!is_left && !is_one) return;
    Reading::Fail(place,
                  "its braces are no list {a,b} and no range {0..11}, or stand "
                  "for too many names",
                  "a name that holds braces is written as - name: …");
  }

  void Add(WrittenVariable written, const std::string& prefix,
           const std::string& layer, uint32_t line) {
    lines_.push_back(line);
    Variable& variable = written.variable;
    if (!prefix.empty()) variable.name = prefix + separator_ + variable.name;
    if (variable.layer.empty()) variable.layer = layer;
    said_.role.push_back(written.says_role);
    said_.trainable.push_back(written.says_trainable);
    layout_.variables.push_back(std::move(variable));
  }

  void ReadLayers(const DocNode& array, const Place& place,
                  const std::string& prefix) {
    for (size_t i = 0; i < array.members.size(); ++i) {
      const DocNode& node = array.members[i].value;
      ReadLayer(node, place.Element(i, node.line), prefix);
    }
  }

  void ReadLayer(const DocNode& node, const Place& place,
                 const std::string& prefix) {
    Fields fields(node, place, {"name", "class", "variables", "layers"},
                  &reading_);
    std::string name = TextAt(fields.Required("name"), fields.At("name"));
    if (!prefix.empty()) name = prefix + separator_ + name;
    Layer layer;
    layer.name = name;
    layer.class_name = fields.Text("class");
    const DocNode* variables = fields.Get("variables");
    const DocNode* inner = fields.Array("layers");
    bool is_null = variables == nullptr && node.Find("variables") != nullptr;
    layer.variables_known = !is_null;
    if (variables == nullptr && !is_null && inner == nullptr) {
      undescribed_.push_back(layout_.layers.size());
    }
    layout_.layers.push_back(std::move(layer));
    if (variables != nullptr) {
      ReadVariables(*variables, fields.At("variables"), name, name);
    }
    if (inner != nullptr) ReadLayers(*inner, fields.At("layers"), name);
  }

  // References, once everything is defined.
  void Resolve() {
    // What is added must not move what the index points into.
    if (!defines_all_) {
      layout_.variables.reserve(layout_.variables.size() + references_.size());
    }
    NameIndex index;
    if (!references_.empty()) {
      index = NameIndex(2 * layout_.variables.size());
      for (size_t i = 0; i < layout_.variables.size(); ++i) Index(i, &index);
    }
    for (const Reference& reference : references_) {
      auto [first, last] = index.equal_range(reference.name);
      if (first == last) {
        if (defines_all_) FailReference(reference);
        WrittenVariable named;
        named.variable.name = reference.name;
        Add(std::move(named), "", reference.layer, reference.line);
        Index(layout_.variables.size() - 1, &index);
        continue;
      }
      for (; first != last; ++first) {
        std::string& layer = layout_.variables[first->second].layer;
        if (layer.empty()) layer = reference.layer;
      }
    }
    // A layer of which nothing is said at all: its variables are unknown.
    if (undescribed_.empty()) return;
    std::unordered_set<std::string_view> has_variables;
    for (const Variable& variable : layout_.variables) {
      has_variables.insert(variable.layer);
    }
    for (size_t i : undescribed_) {
      Layer& layer = layout_.layers[i];
      layer.variables_known = has_variables.contains(layer.name);
    }
  }

  using NameIndex = std::unordered_multimap<std::string_view, size_t>;

  void Index(size_t i, NameIndex* index) const {
    const Variable& variable = layout_.variables[i];
    index->emplace(variable.name, i);
    if (!variable.key.empty() && variable.key != variable.name) {
      index->emplace(variable.key, i);
    }
  }

  void FailReference(const Reference& reference) const {
    std::vector<std::string_view> names;
    for (const Variable& variable : layout_.variables) {
      names.push_back(variable.name);
    }
    std::string_view nearest = Nearest(reference.name, names);
    throw ParseError(
        ErrorCode::kInvalidLayout, fmt::format("line {}", reference.line),
        fmt::format("layer \"{}\" names \"{}\", which is no variable",
                    reference.layer, reference.name),
        nearest.empty() ? "" : fmt::format("did you mean \"{}\"?", nearest));
  }

  void ReadIssues(const Fields& fields) {
    const DocNode* issues = fields.Array("issues");
    if (issues == nullptr) return;
    Place place = fields.At("issues");
    for (size_t i = 0; i < issues->members.size(); ++i) {
      const DocNode& node = issues->members[i].value;
      Place at = place.Element(i, node.line);
      Fields issue(node, at, {"rule", "where", "message"}, &reading_);
      layout_.issues.push_back(
          {TextAt(issue.Required("rule"), issue.At("rule")),
           issue.Text("where"), issue.Text("message")});
    }
  }

  void ReadRenames(const Fields& fields) {
    const DocNode* renames = fields.Array("rename");
    if (renames == nullptr) return;
    Place place = fields.At("rename");
    for (size_t i = 0; i < renames->members.size(); ++i) {
      const DocNode& node = renames->members[i].value;
      Place at = place.Element(i, node.line);
      // `count` stands in a report's patterns, which may be pasted.
      Fields rename(node, at, {"from", "to", "count"}, &reading_);
      rename.Required("to");
      layout_.rename.push_back(
          {TextAt(rename.Required("from"), rename.At("from")),
           rename.Text("to")});
    }
  }

  void CheckIdentities() const {
    std::unordered_map<std::string_view, size_t> by_key, by_name;
    bool has_keys =
        !layout_.variables.empty() && !layout_.variables[0].key.empty();
    (has_keys ? by_key : by_name).reserve(layout_.variables.size());
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      const Variable& variable = layout_.variables[i];
      auto& index = variable.key.empty() ? by_name : by_key;
      auto [first, is_new] = index.emplace(variable.Identity(), i);
      if (is_new) continue;
      throw ParseError(
          ErrorCode::kInvalidLayout, fmt::format("line {}", lines_[i]),
          fmt::format("a second variable \"{}\", the first is on line {}",
                      variable.Identity(), lines_[first->second]),
          "give each a key of its own, or drop one");
    }
  }

  Reading reading_;
  Layout layout_;
  Said said_;
  std::string separator_ = "/";
  bool defines_all_ = false;
  size_t made_ = 0;
  std::vector<uint32_t> lines_;  // by variable
  std::vector<Reference> references_;
  std::vector<size_t> undescribed_;
};

}  // namespace

Layout LayoutFromDocument(const DocNode& root,
                          std::vector<std::string>* remarks) {
  return Document(remarks).Read(root);
}

}  // namespace ckptdiff
