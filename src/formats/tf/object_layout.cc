#include "formats/tf/object_layout.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>

#include "base/parse_error.h"
#include "base/text.h"
#include "formats/tf/object_graph.h"
#include "formats/tf/object_roles.h"
#include "formats/tf/payload.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

constexpr uint64_t kMaxGraphBytes = uint64_t{1} << 30;
constexpr std::string_view kSlotMark = "/.OPTIMIZER_SLOT/";
constexpr std::string_view kValueSuffix = "/.ATTRIBUTES/VARIABLE_VALUE";

// The serialized graph; empty where it cannot be had, with an issue.
std::string GraphBytes(const TensorBundle& bundle, Layout* layout) {
  const BundleEntry* entry = bundle.index().Find(kObjectGraphKey);
  if (entry == nullptr) return {};
  // A flipped byte in here would be a wrong name, not an error.
  std::string problem = PayloadProblem(bundle, *entry);
  std::string rule = "checksum-mismatch";
  if (problem.empty()) {
    rule = "truncated-data";
    problem = "cannot be read, its shard does not hold it";
    try {
      std::optional<std::string> bytes =
          bundle.ScalarString(*entry, kMaxGraphBytes);
      if (bytes) return *bytes;
    } catch (const ParseError& error) {
      if (error.error().code == ErrorCode::kIo) throw;
      problem = error.error().what;
    }
  }
  layout->issues.push_back(
      {rule, std::string(kObjectGraphKey),
       problem + "; names and slots are told from the keys alone"});
  return {};
}

// Adds variables in the order of the graph, then what no attribute names.
class Lister {
 public:
  Lister(const TensorBundle& bundle, Layout* layout)
      : bundle_(bundle), layout_(*layout) {}

  // Per node the position of its variable.
  std::vector<size_t> AddNodes(const ObjectGraph& graph) {
    std::vector<size_t> variable_of(graph.nodes.size(), kNoVariable);
    std::vector<uint32_t> order = ReadingOrder(graph);
    for (uint32_t id : order) AddNode(graph, id, &variable_of);
    // Slots are nobody's children.
    for (uint32_t id = 0; id < graph.nodes.size(); ++id) {
      AddNode(graph, id, &variable_of);
    }
    return variable_of;
  }

  void AddRest() {
    for (const BundleEntry& entry : bundle_.index().entries()) {
      std::string_view key = bundle_.index().Key(entry);
      if (bundle_.index().IsSlice(entry) || at_.contains(std::string(key))) {
        continue;
      }
      size_t at = Add(entry);
      Variable& variable = layout_.variables[at];
      if (key.ends_with(kValueSuffix)) {
        variable.name = PathOfKey(key);
      } else {
        variable.role = Role::kBookkeeping;
      }
    }
  }

 private:
  size_t Add(const BundleEntry& entry) {
    size_t at = layout_.variables.size();
    layout_.variables.push_back(bundle_.Describe(entry));
    at_.emplace(layout_.variables.back().key, at);
    return at;
  }

  void AddNode(const ObjectGraph& graph, uint32_t id,
               std::vector<size_t>* variable_of) {
    for (const auto& attribute : graph.nodes[id].attributes) {
      auto found = at_.find(std::string(attribute.key));
      size_t at = kNoVariable;
      if (found != at_.end()) {
        at = found->second;
      } else if (const auto* entry = bundle_.index().Find(attribute.key)) {
        at = Add(*entry);
        Variable& variable = layout_.variables[at];
        bool is_value = attribute.name == "VARIABLE_VALUE";
        if (is_value && !attribute.full_name.empty()) {
          variable.name = attribute.full_name;
        } else if (is_value) {
          variable.name = PathOfKey(attribute.key);
        }
      } else if (attribute.name == "VARIABLE_VALUE") {
        // Of a table or an iterator, the keys of several tensors begin so.
        ReportAbsent(attribute.key);
      }
      if (attribute.name == "VARIABLE_VALUE") (*variable_of)[id] = at;
    }
  }

  void ReportAbsent(std::string_view key) {
    constexpr size_t kMost = 16;
    if (absent_.emplace(key, true).second && absent_.size() <= kMost) {
      layout_.issues.push_back(
          {"truncated-data", Printable(key),
           "stands in the object graph and not in the index"});
    }
  }

  const TensorBundle& bundle_;
  Layout& layout_;
  std::unordered_map<std::string, size_t> at_;  // by key
  std::unordered_map<std::string, bool> absent_;
};

// Without the graph, a slot's key still says everything: OWNER/.OPTIMIZER_SLOT/
// OPTIMIZER/SLOT/.ATTRIBUTES/VARIABLE_VALUE.
void TieByKeys(Layout* layout) {
  std::unordered_map<std::string, size_t> by_key;
  for (size_t i = 0; i < layout->variables.size(); ++i) {
    by_key.emplace(layout->variables[i].key, i);
  }
  for (Variable& variable : layout->variables) {
    std::string_view key = variable.key;
    size_t mark = key.find(kSlotMark);
    if (key.starts_with("save_counter/")) variable.role = Role::kBookkeeping;
    if (mark == key.npos || !key.ends_with(kValueSuffix)) continue;
    std::string_view rest = key.substr(mark + kSlotMark.size());
    rest.remove_suffix(kValueSuffix.size());
    size_t slash = rest.rfind('/');
    if (slash == rest.npos) continue;
    std::string_view word = rest.substr(slash + 1);
    variable.role = Role::kSlot;
    variable.slot.emplace();
    variable.slot->raw = word;
    variable.slot->slot = CanonicalSlot(SlotDialect::kKeras2, "", word);
    variable.slot->optimizer = rest.substr(0, slash);
    auto owner = by_key.find(std::string(key.substr(0, mark)) +
                             std::string(kValueSuffix));
    if (owner == by_key.end()) continue;
    variable.slot->owner = layout->variables[owner->second].name;
    variable.slot->owner_key = owner->first;
  }
}

// The objects that have an iteration counter: what else they hold is theirs,
// but for the list of the model's variables.
void TakeOptimizersFromKeys(Layout* layout) {
  std::set<std::string, std::less<>> optimizers;
  for (const Variable& variable : layout->variables) {
    for (std::string_view counter : {"/iter", "/_iterations"}) {
      std::string ending = std::string(counter) + std::string(kValueSuffix);
      if (!variable.key.ends_with(ending)) continue;
      optimizers.insert(
          variable.key.substr(0, variable.key.size() - ending.size() + 1));
    }
  }
  for (Variable& variable : layout->variables) {
    if (variable.role != Role::kWeight || optimizers.empty()) continue;
    std::string_view key = variable.key;
    auto after = optimizers.upper_bound(key);
    if (after == optimizers.begin()) continue;
    const std::string& nearest = *std::prev(after);
    bool is_below = key.starts_with(nearest);
    if (is_below &&
        !key.substr(nearest.size()).starts_with("_trainable_variables/")) {
      variable.role = Role::kOptimizer;
    }
  }
}

// Keras 3's export() stores each value twice: as variables/N and, in another
// order, as _all_variables/M. Equal bytes are one variable with both keys.
void MergeExportedTwins(Layout* layout) {
  constexpr std::string_view kAll = "_all_variables/";
  constexpr std::string_view kOwn = "variables/";
  using Content = std::tuple<std::string, std::vector<int64_t>, uint32_t>;
  auto content = [](const Variable& variable) {
    return Content(variable.dtype, variable.shape.dims,
                   variable.checksum->value);
  };
  std::map<Content, std::vector<size_t>> own;
  for (size_t i = layout->variables.size(); i-- > 0;) {
    const Variable& variable = layout->variables[i];
    bool is_own = variable.key.starts_with(kOwn) && variable.checksum;
    if (is_own) own[content(variable)].push_back(i);  // the first is the last
  }
  if (own.empty()) return;
  std::vector<Variable> kept;
  std::map<size_t, std::string> second_key;
  std::vector<bool> is_twin(layout->variables.size());
  for (size_t i = 0; i < layout->variables.size(); ++i) {
    const Variable& variable = layout->variables[i];
    if (!variable.key.starts_with(kAll) || !variable.checksum) continue;
    auto found = own.find(content(variable));
    if (found == own.end() || found->second.empty()) continue;
    second_key[found->second.back()] = variable.key;
    found->second.pop_back();
    is_twin[i] = true;
  }
  for (size_t i = 0; i < layout->variables.size(); ++i) {
    if (is_twin[i]) continue;
    Variable& variable = layout->variables[i];
    auto second = second_key.find(i);
    if (second != second_key.end()) {
      variable.keys = {variable.key, second->second};
    }
    kept.push_back(std::move(variable));
  }
  layout->variables = std::move(kept);
}

}  // namespace

void ReadObjectBundle(const TensorBundle& bundle, Layout* layout) {
  std::string bytes = GraphBytes(bundle, layout);
  Lister lister(bundle, layout);
  if (bytes.empty()) {
    lister.AddRest();
    TieByKeys(layout);
    TakeOptimizersFromKeys(layout);
    return;
  }
  ObjectGraph graph = ParseTrackableObjectGraph(AsBytes(bytes));
  std::vector<size_t> variable_of = lister.AddNodes(graph);
  lister.AddRest();
  size_t step = AssignObjectRoles(graph, variable_of, layout);
  if (step != kNoVariable) {
    const std::string& key = layout->variables[step].key;
    layout->source.step = ScalarInt(bundle, *bundle.index().Find(key));
  }
  MergeExportedTwins(layout);
}

}  // namespace ckptdiff
