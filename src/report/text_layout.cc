// `inspect` as a person reads it: what it is, the tree of its variables with
// their slots beside them, the optimizers, and what is wrong with it: one walk
// over one layout, in one file.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/columns.h"
#include "base/text.h"
#include "base/unique_names.h"
#include "report/name_tree.h"
#include "report/paint.h"
#include "report/text.h"

namespace ckptdiff {
namespace {

// A row before its columns are known.
struct Row {
  size_t depth = 0;
  std::string label;
  std::string shape;   // "float32 [20, 10]"; of a branch: its class
  std::string amount;  // bytes; of a branch: parameters
  std::string more;    // slots, "frozen", ...
  bool is_branch = false;
};

// Name and key tell variables apart; names alone may repeat.
class Owners {
 public:
  explicit Owners(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      if (variable.role == Role::kSlot) continue;
      if (!variable.key.empty()) by_key_.emplace(variable.key, i);
      names_.Add(variable.name, i);
    }
  }
  size_t Of(const Variable& slot) const {
    if (!slot.slot || !slot.slot->owner) return UniqueNames::kNone;
    auto by_key = by_key_.find(slot.slot->owner_key);
    if (by_key != by_key_.end()) return by_key->second;
    return names_.Find(*slot.slot->owner);
  }

 private:
  std::unordered_map<std::string_view, size_t> by_key_;
  UniqueNames names_;
};

class Writer {
 public:
  Writer(const Layout& layout, const Style& style)
      : layout_(layout),
        style_(style),
        paint_(style.color),
        width_(static_cast<size_t>(style.width)) {}

  std::string Write() {
    AddHanging(0, "", Described(layout_.source), style_, &out_);
    Totals();
    if (style_.quiet) return std::move(out_);
    SortVariables();
    Tree(shown_, "");
    Optimizers();
    Tree(others_, "other");
    Layers();
    Issues();
    return std::move(out_);
  }

 private:
  void Totals() {
    SideSummary sum = Summarize(layout_);
    std::vector<std::string> parts = {Count(sum.variables, "variable")};
    if (sum.parameters > 0) {
      parts.push_back(WithThousands(sum.parameters) + " parameters");
    }
    if (sum.bytes > 0) parts.push_back(HumanBytes(sum.bytes));
    if (sum.slots > 0) parts.push_back(Count(sum.slots, "optimizer slot"));
    if (layout_.source.step) {
      parts.push_back(fmt::format("step {}", *layout_.source.step));
    }
    AddHanging(0, "", fmt::format("{}", fmt::join(parts, ", ")), style_, &out_);
  }

  // Slots and averages stand beside their owners; what has none, and what an
  // optimizer keeps for itself, stands apart.
  void SortVariables() {
    const Owners owners(layout_);
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      const Variable& variable = layout_.variables[i];
      size_t owner = owners.Of(variable);
      bool folds =
          (variable.role == Role::kSlot || variable.role == Role::kAverage) &&
          owner != UniqueNames::kNone;
      if (folds) {
        slots_of_[owner].push_back(variable.slot->slot);
      } else if (variable.role == Role::kWeight ||
                 variable.role == Role::kAverage) {
        shown_.push_back(i);
      } else if (variable.role == Role::kSlot) {
        ++ownerless_[{variable.slot ? variable.slot->optimizer : "",
                      variable.slot ? variable.slot->slot : ""}];
        if (style_.verbose) others_.push_back(i);
      } else if (variable.role != Role::kBookkeeping || style_.verbose) {
        others_.push_back(i);
      } else {
        ++bookkeeping_;
      }
    }
  }

  std::string MoreOf(size_t i) const {
    const Variable& variable = layout_.variables[i];
    std::vector<std::string> words;
    auto slots = slots_of_.find(i);
    if (slots != slots_of_.end()) words = slots->second;
    if (variable.trainable == false) words.push_back("frozen");
    if (!variable.tracked) words.push_back("not tracked");
    if (!variable.tied_to.empty()) {
      words.push_back("= " + Printable(variable.tied_to));
    }
    if (variable.role == Role::kStep) words.push_back("the step");
    return fmt::format("{}", fmt::join(words, " "));
  }

  static std::string ShapeText(const Variable& variable) {
    if (!variable.shape.known) return variable.dtype;
    std::string dtype = variable.dtype.empty() ? "" : variable.dtype + " ";
    return dtype + ToString(variable.shape);
  }

  void Tree(const std::vector<size_t>& members, std::string_view title) {
    if (members.empty()) return;
    out_ += '\n';
    if (!title.empty()) out_ += paint_.Dim(title) + "\n";
    std::map<size_t, std::string> facts;
    for (size_t i : members) {
      facts[i] = ShapeText(layout_.variables[i]) + "\n" + MoreOf(i);
    }
    NameTree tree = BuildNameTree(layout_, members, facts, !style_.verbose);
    std::vector<Row> rows;
    for (size_t root : tree.roots) AddRows(tree, root, 0, &rows);
    Print(rows);
  }

  void AddRows(const NameTree& tree, size_t at, size_t depth,
               std::vector<Row>* rows) {
    const NameTree::Node& node = tree.nodes[at];
    Row row;
    row.depth = depth;
    row.label = Printable(node.label);
    if (!style_.verbose) row.label = Shorten(row.label, width_ - 4);
    if (node.times > 1) row.label += fmt::format("  ×{}", node.times);
    if (node.variable != NameTree::kNone) {
      const Variable& variable = layout_.variables[node.variable];
      row.shape = ShapeText(variable);
      if (variable.bytes) row.amount = HumanBytes(*variable.bytes);
      row.more = MoreOf(node.variable);
      rows->push_back(row);
      bool shows_key = (style_.verbose || Repeats(variable.name)) &&
                       !variable.key.empty() && variable.key != variable.name;
      if (shows_key) {
        rows->push_back({.depth = depth + 1,
                         .label = "key " + Printable(variable.key),
                         .is_branch = true});
      }
      return;
    }
    row.is_branch = true;
    row.shape = ClassOf(node.path);
    rows->push_back(row);
    for (size_t child : node.children) AddRows(tree, child, depth + 1, rows);
  }

  bool Repeats(const std::string& name) {
    if (names_.empty()) {
      for (const Variable& variable : layout_.variables) {
        ++names_[variable.name];
      }
    }
    return names_[name] > 1;
  }

  std::string ClassOf(const std::string& path) {
    if (classes_.empty()) {
      classes_[""] = "";
      for (const Layer& layer : layout_.layers) {
        classes_[layer.name] = layer.class_name;
      }
    }
    auto found = classes_.find(path);
    return found == classes_.end() ? "" : Printable(found->second);
  }

  // Columns as wide as they need be, the first at most half the terminal: a
  // longer label stands on a line of its own.
  void Print(const std::vector<Row>& rows) {
    size_t label = 0, shape = 0, amount = 0;
    for (const Row& row : rows) {
      size_t wide = 2 * row.depth + DisplayWidth(row.label);
      if (!row.is_branch && wide <= width_ / 2) label = std::max(label, wide);
      if (row.is_branch) continue;
      shape = std::max(shape, DisplayWidth(row.shape));
      amount = std::max(amount, DisplayWidth(row.amount));
    }
    shape = std::min(shape, width_ / 2);
    for (const Row& row : rows) PrintRow(row, label, shape, amount);
  }

  void PrintRow(const Row& row, size_t label, size_t shape, size_t amount) {
    size_t indent = std::min(2 * row.depth, width_ / 3);
    std::string right;
    if (row.is_branch) {
      right = row.shape;
    } else {
      right = PadRight(row.shape, shape) + "  " + PadLeft(row.amount, amount);
      if (!row.more.empty()) right += "  " + row.more;
      right.erase(right.find_last_not_of(' ') + 1);
    }
    std::string head = row.label;
    if (right.empty()) return AddHanging(indent, "", head, style_, &out_);
    if (row.is_branch) head += "  ";
    bool fits = indent + DisplayWidth(head) <= label;
    if (!row.is_branch && fits) head = PadRight(head, label - indent) + "  ";
    if (!row.is_branch && !fits) {
      AddHanging(indent, "", head, style_, &out_);
      return AddHanging(label + 2 < width_ / 2 ? label + 2 : 4, "", right,
                        style_, &out_);
    }
    std::string line = std::string(indent, ' ') + head + right;
    if (DisplayWidth(line) <= width_) {
      out_ += line + "\n";  // with its columns
    } else {
      AddHanging(indent, head, right, style_, &out_);
    }
  }

  void Optimizers() {
    if (layout_.optimizers.empty() && ownerless_.empty()) return;
    out_ += "\n" + paint_.Dim("optimizers") + "\n";
    for (const Optimizer& optimizer : layout_.optimizers) {
      std::string text = Printable(optimizer.id);
      if (optimizer.class_name && *optimizer.class_name != optimizer.id) {
        text += fmt::format(" ({})", Printable(*optimizer.class_name));
      }
      if (!optimizer.slots.empty()) {
        text += fmt::format(": slots {}", fmt::join(optimizer.slots, ", "));
      }
      AddHanging(2, "", text, style_, &out_);
      std::vector<std::string> settings;
      for (const Setting& setting : optimizer.settings) {
        settings.push_back(Printable(setting.name + " " + setting.json));
      }
      if (settings.empty()) continue;
      AddHanging(4, "", fmt::format("{}", fmt::join(settings, ", ")), style_,
                 &out_);
    }
    for (const auto& [slot, count] : ownerless_) {
      std::string what =
          slot.first.empty() ? slot.second : slot.first + "/" + slot.second;
      AddHanging(2, "",
                 fmt::format("{} × {}: the file does not tell whose", count,
                             Printable(what)),
                 style_, &out_);
    }
  }

  // Layers that the file knows without knowing what is in them.
  void Layers() {
    std::vector<std::string> unknown;
    for (const Layer& layer : layout_.layers) {
      if (layer.variables_known) continue;
      std::string text = Printable(layer.name);
      if (!layer.class_name.empty()) {
        text += fmt::format(" ({})", Printable(layer.class_name));
      }
      unknown.push_back(text);
    }
    if (!unknown.empty()) {
      out_ += '\n';
      AddHanging(
          0, "",
          fmt::format("variables unknown of {}: {}",
                      Count(unknown.size(), "layer"), fmt::join(unknown, ", ")),
          style_, &out_);
    }
    if (bookkeeping_ > 0) {
      out_ += '\n';
      AddHanging(0, "",
                 fmt::format("{} of bookkeeping (--verbose lists them)",
                             Count(bookkeeping_, "entry", "entries")),
                 style_, &out_);
    }
  }

  void Issues() {
    if (layout_.issues.empty()) return;
    out_ += "\n" + paint_.As(Severity::kError, "issues") + "\n";
    for (const Issue& issue : layout_.issues) {
      std::string text = Printable(issue.message);
      if (!issue.where.empty()) text = Printable(issue.where) + ": " + text;
      AddHanging(2, issue.rule + "  ", text, style_, &out_);
    }
  }

  const Layout& layout_;
  const Style& style_;
  const Paint paint_;
  const size_t width_;
  std::vector<size_t> shown_, others_;
  std::unordered_map<size_t, std::vector<std::string>> slots_of_;
  std::map<std::pair<std::string, std::string>, size_t> ownerless_;
  uint64_t bookkeeping_ = 0;
  std::unordered_map<std::string, size_t> names_;
  std::unordered_map<std::string, std::string> classes_;
  std::string out_;
};

}  // namespace

std::string LayoutsAsText(const std::vector<Layout>& layouts,
                          const Style& style) {
  std::string out;
  for (const Layout& layout : layouts) {
    if (!out.empty()) out += '\n';
    out += Writer(layout, style).Write();
  }
  return out;
}

}  // namespace ckptdiff
