#include "formats/torch_optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/parse_error.h"
#include "container/json_doc.h"
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

// A class, by what the keys of its groups must and must not hold. In order:
// the first that fits.
struct ClassRule {
  std::string_view name;
  std::array<std::string_view, 3> has;
  std::string_view lacks = {};
};
constexpr std::array kClassRules = {
    ClassRule{"Muon", {"ns_steps"}},
    ClassRule{"LBFGS", {"history_size"}},
    ClassRule{"NAdam", {"momentum_decay"}},
    ClassRule{"Adafactor", {"beta2_decay", "d"}},
    ClassRule{"Adafactor", {"decay_rate", "clip_threshold"}},  // Hugging Face
    ClassRule{"Rprop", {"etas", "step_sizes"}},
    ClassRule{"ASGD", {"lambd", "t0"}},
    ClassRule{"Adadelta", {"rho"}},
    ClassRule{"Adagrad", {"lr_decay", "initial_accumulator_value"}},
    ClassRule{"Adagrad", {"lr_decay"}, "betas"},  // before torch 1.4
    ClassRule{"RMSprop", {"alpha", "centered"}},
    ClassRule{"SGD", {"dampening", "nesterov"}},
    ClassRule{"RAdam", {"betas", "decoupled_weight_decay"}, "amsgrad"},
    ClassRule{"AdamW", {"betas", "correct_bias"}, "amsgrad"},  // transformers 4
};

bool Fits(const ClassRule& rule, const Words& keys) {
  for (std::string_view word : rule.has) {
    if (!word.empty() && !keys.contains(word)) return false;
  }
  return rule.lacks.empty() || !keys.contains(rule.lacks);
}

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

using StateNodes = std::unordered_map<std::string_view, uint32_t>;

void ReadGroups(const TorchTree& tree, const PickleValue& groups,
                const StateNodes& states, TorchOptimizer* optimizer) {
  // A list can be named again and again: what is read is counted.
  uint64_t limit = kFreeMembers + kMembersPerNode * tree.nodes().size();
  uint64_t read = 0;
  for (const PickleValue* group : groups.items) {
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
    for (size_t i = 0; i < ids->items.size(); ++i) {
      const PickleValue& id = *ids->items[i];
      TorchMember& member = members.emplace_back();
      if (id.is_text()) member.name = id.text;
      const PickleValue* name = names == nullptr ? nullptr : Item(*names, i);
      if (name != nullptr && name->is_text()) member.name = name->text;
      std::string number = id.is_text()
                               ? std::string()
                               : std::to_string(AsInt(&id).value_or(-1));
      auto found = states.find(id.is_text() ? id.text : number);
      if (found != states.end()) member.node = found->second;
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

std::optional<std::string> TorchOptimizerClass(const Words& keys,
                                               const Words& slots,
                                               bool is_decoupled) {
  for (const ClassRule& rule : kClassRules) {
    if (Fits(rule, keys)) return std::string(rule.name);
  }
  if (!keys.contains("betas")) return std::nullopt;
  if (slots.contains("exp_inf")) return "Adamax";
  if (keys.contains("amsgrad")) {
    // Before torch 2.7 nothing tells Adam from AdamW.
    if (!keys.contains("decoupled_weight_decay")) return std::nullopt;
    return is_decoupled ? "AdamW" : "Adam";
  }
  if (slots.contains("exp_avg_sq") && !keys.contains("weight_decay")) {
    return "SparseAdam";
  }
  bool is_lion = slots.contains("exp_avg") && !slots.contains("exp_avg_sq") &&
                 !keys.contains("eps");
  if (is_lion) return "Lion";
  return std::nullopt;
}

std::string TorchOptimizerWord(const std::optional<std::string>& class_name,
                               const Words& keys) {
  bool is_adam = keys.contains("betas") && keys.contains("amsgrad");
  return class_name.value_or(is_adam ? "Adam" : "optimizer");
}

TorchOptimizer ReadTorchOptimizer(const TorchTree& tree, uint32_t node) {
  TorchOptimizer optimizer;
  optimizer.node = node;
  Words slot_words;
  StateNodes states;
  uint32_t state = tree.Child(node, "state");
  if (state != TorchNode::kNone) {
    ForEachChild(tree, state, [&](uint32_t child) {
      states[tree.node(child).name] = child;
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
