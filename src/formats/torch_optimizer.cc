#include "formats/torch_optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/parse_error.h"
#include "container/json_doc.h"
#include "formats/torch_optimizer_class.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

using Kind = PickleValue::Kind;
using Words = std::set<std::string, std::less<>>;

constexpr size_t kMaxSettingItems = 16;
constexpr size_t kMaxGroupsShown = 64;
constexpr size_t kMaxSlotWords = 64;
constexpr uint64_t kFreeMembers = 1 << 18;
constexpr uint64_t kMembersPerNode = 16;

// Adafactor keeps row and column instead of a slot of the parameter's shape.
Shape FactoredShape(const TorchTree& tree, uint32_t state) {
  Shape row, column;
  ForEachChild(tree, state, [&](uint32_t child) {
    const TorchNode& node = tree.node(child);
    if (node.tensor == TorchNode::kNone) return;
    const Shape& shape = tree.tensor(node).shape;
    if (node.name == "row_var" || node.name == "exp_avg_sq_row") row = shape;
    if (node.name == "col_var" || node.name == "exp_avg_sq_col") column = shape;
  });
  if (!row.known || !column.known || row.dims.empty() || column.dims.empty()) {
    return Shape::Unknown();
  }
  // torch keeps the rank, [n, 1] and [1, m]; Hugging Face drops one.
  bool keeps_rank =
      row.dims.size() == column.dims.size() && row.dims.back() == 1;
  Shape whole = row;
  if (keeps_rank) whole.dims.pop_back();
  whole.dims.push_back(column.dims.back());
  return whole;
}

// Groups that differ are told apart: `lr` of the first, `param_groups.1.lr`.
void ReadSettings(const PickleValue& groups, std::vector<Setting>* settings) {
  std::unordered_map<std::string_view, std::string> of_first;
  size_t shown = std::min(groups.items.size(), kMaxGroupsShown);
  for (size_t g = 0; g < shown; ++g) {
    const PickleValue& group = *groups.items[g];
    if (!group.is_mapping) continue;
    for (size_t i = 0; i + 1 < group.items.size(); i += 2) {
      std::string_view key = group.items[i]->text;
      if (key.empty() || key == "params" || key == "param_names") continue;
      std::optional<std::string> json = PickleToJson(*group.items[i + 1]);
      if (!json) continue;
      if (g == 0) {
        of_first.emplace(key, *json);
        settings->push_back({std::string(key), std::move(*json)});
      } else if (auto first = of_first.find(key);
                 first == of_first.end() || first->second != *json) {
        settings->push_back(
            {fmt::format("param_groups.{}.{}", g, key), std::move(*json)});
      }
    }
  }
}

void NoteStep(const PickleValue& entry, std::optional<int64_t>* step) {
  std::optional<int64_t> one = AsInt(Find(entry, "step"));
  if (one && *one >= step->value_or(0)) *step = one;
}

Words GroupKeys(const PickleValue& group) {
  Words keys;
  for (size_t i = 0; i + 1 < group.items.size(); i += 2) {
    keys.emplace(group.items[i]->text);
  }
  return keys;
}

// The states by the ids of their parameters, or by the parameters themselves.
struct StateNodes {
  std::unordered_map<std::string_view, uint32_t> by_id;
  std::unordered_map<const PickleValue*, uint32_t> by_parameter;

  uint32_t Find(const PickleValue& id) const {
    if (id.is_call()) return At(by_parameter, &id);
    if (id.is_text()) return At(by_id, id.text);
    const std::string number = std::to_string(AsInt(&id).value_or(-1));
    return At(by_id, std::string_view(number));
  }

 private:
  template <typename Map, typename Key>
  static uint32_t At(const Map& map, const Key& key) {
    auto found = map.find(key);
    return found == map.end() ? TorchNode::kNone : found->second;
  }
};

// Where the parameters of a live optimizer's group stand in the tree.
std::vector<uint32_t> ParametersOf(const TorchTree& tree, uint32_t optimizer,
                                   size_t group, size_t count) {
  std::vector<uint32_t> nodes(count, TorchNode::kNone);
  uint32_t at = optimizer;
  for (const std::string& step :
       {std::string("param_groups"), std::to_string(group),
        std::string("params")}) {
    if (at != TorchNode::kNone) at = tree.Child(at, step);
  }
  if (at == TorchNode::kNone) return nodes;
  ForEachChild(tree, at, [&](uint32_t child) {
    size_t i = 0;
    const std::string_view name = tree.node(child).name;
    std::from_chars(name.data(), name.data() + name.size(), i);
    if (i < count) nodes[i] = child;
  });
  return nodes;
}

void ReadGroups(const TorchTree& tree, const PickleValue& groups,
                const StateNodes& states, TorchOptimizer* optimizer) {
  // A list can be named again and again: what is read is counted.
  uint64_t limit = kFreeMembers + kMembersPerNode * tree.nodes().size();
  uint64_t read = 0;
  for (size_t g = 0; g < groups.items.size(); ++g) {
    const PickleValue* group = groups.items[g];
    std::vector<TorchMember>& members = optimizer->groups.emplace_back();
    const PickleValue* ids = Find(*group, "params");
    const PickleValue* names = Find(*group, "param_names");
    if (ids == nullptr) {
      optimizer->groups.pop_back();
      continue;
    }
    read += 1 + group->items.size() + ids->items.size();
    if (read > limit) {
      throw Corrupt(tree.Path(optimizer->node, '.'),
                    fmt::format("groups of more than {} parameters", limit));
    }
    members.reserve(ids->items.size());
    const std::vector<uint32_t> parameters =
        ParametersOf(tree, optimizer->node, g, ids->items.size());
    for (size_t i = 0; i < ids->items.size(); ++i) {
      const PickleValue& id = *ids->items[i];
      TorchMember& member = members.emplace_back();
      if (id.is_text()) member.name = id.text;
      const PickleValue* name = names == nullptr ? nullptr : Item(*names, i);
      if (name != nullptr && name->is_text()) member.name = name->text;
      member.node = states.Find(id);
      member.parameter = parameters[i];
    }
  }
}

// Where the groups do not say whose ids these are, an id that is a name does.
void AddStatesAsGroup(const TorchTree& tree, uint32_t state,
                      TorchOptimizer* optimizer) {
  if (state == TorchNode::kNone) return;
  std::vector<TorchMember>& members = optimizer->groups.emplace_back();
  ForEachChild(tree, state, [&](uint32_t child) {
    std::string_view id = tree.node(child).name;
    bool is_number = id.find_first_not_of("0123456789") == id.npos;
    members.push_back({is_number ? std::string_view() : id, child});
  });
}

}  // namespace

TorchOptimizer ReadTorchOptimizer(const TorchTree& tree, uint32_t node) {
  TorchOptimizer optimizer;
  optimizer.node = node;
  Words slot_words;
  StateNodes states;
  uint32_t state = tree.Child(node, "state");
  if (state != TorchNode::kNone) {
    const std::vector<const PickleValue*>& entries =
        tree.node(state).value->items;
    ForEachChild(tree, state, [&](uint32_t child) {
      const std::string_view name = tree.node(child).name;
      states.by_id[name] = child;
      size_t entry = entries.size();
      if (name.starts_with('#')) {
        std::from_chars(name.data() + 1, name.data() + name.size(), entry);
      }
      if (entry < entries.size() / 2) {
        states.by_parameter[entries[2 * entry]] = child;
      }
      NoteStep(*tree.node(child).value, &optimizer.step);
      ForEachChild(tree, child, [&](uint32_t slot) {
        if (slot_words.size() < kMaxSlotWords) {
          slot_words.emplace(tree.node(slot).name);
        }
      });
    });
  }
  const PickleValue* groups = Find(*tree.node(node).value, "param_groups");
  if (groups == nullptr || !groups->is_sequence()) return optimizer;
  ReadSettings(*groups, &optimizer.settings);
  ReadGroups(tree, *groups, states, &optimizer);
  if (optimizer.groups.empty()) AddStatesAsGroup(tree, state, &optimizer);
  Words keys;
  bool is_decoupled = false;
  if (const PickleValue* first = Item(*groups, 0)) {
    keys = GroupKeys(*first);
    is_decoupled =
        AsInt(Find(*first, "decoupled_weight_decay")).value_or(0) != 0;
  }
  optimizer.class_name = TorchOptimizerClass(keys, slot_words, is_decoupled);
  optimizer.word = TorchOptimizerWord(optimizer.class_name, keys);
  return optimizer;
}

Shape TorchParameterShape(const TorchTree& tree, uint32_t state) {
  Shape factored = FactoredShape(tree, state);
  if (factored.known) return factored;
  Shape found;
  bool agrees = true;
  ForEachChild(tree, state, [&](uint32_t child) {
    const TorchNode& node = tree.node(child);
    if (node.tensor == TorchNode::kNone) return;
    const Shape& shape = tree.tensor(node).shape;
    if (TorchSlotRole(node.name, shape) != Role::kSlot) return;
    if (found.known && found != shape) agrees = false;
    found = shape;
  });
  return agrees ? found : Shape::Unknown();
}

Role TorchSlotRole(std::string_view raw, const Shape& shape) {
  if (raw == "step") return Role::kOptimizer;
  bool is_scalar = shape.known && shape.dims.empty();
  bool is_slot = !is_scalar || IsSlotWord(SlotDialect::kTorch, raw);
  return is_slot ? Role::kSlot : Role::kOptimizer;
}

std::optional<std::string> PickleToJson(const PickleValue& value) {
  switch (value.kind) {
    case Kind::kNone: return "null";
    case Kind::kBool: return value.integer != 0 ? "true" : "false";
    case Kind::kInt: return std::to_string(value.integer);
    case Kind::kFloat:
      if (!std::isfinite(value.real)) return std::nullopt;
      return Json(value.real).dump();
    case Kind::kText:
      return Json(value.text)
          .dump(-1, ' ', false, Json::error_handler_t::replace);
    case Kind::kTuple:
    case Kind::kList: {
      if (value.items.size() > kMaxSettingItems) return std::nullopt;
      std::string text = "[";
      for (const PickleValue* item : value.items) {
        bool is_plain = !item->is_sequence();  // no nesting: no recursion
        std::optional<std::string> one =
            is_plain ? PickleToJson(*item) : std::nullopt;
        if (!one) return std::nullopt;
        if (text.size() > 1) text += ", ";
        text += *one;
      }
      return text + "]";
    }
    default: return std::nullopt;
  }
}

}  // namespace ckptdiff
