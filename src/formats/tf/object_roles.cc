// Over 300 lines: the three generations share every helper below, and apart
// they would be read side by side anyway.

#include "formats/tf/object_roles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/name_parts.h"
#include "base/text.h"
#include "formats/tf/optimizer_names.h"
#include "formats/tf/owners_by_name.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

std::string_view FirstPart(std::string_view name) {
  size_t slash = name.find('/');
  return slash == name.npos ? std::string_view() : name.substr(0, slash);
}

bool IsScalar(const Variable& variable) {
  return variable.shape.known && variable.shape.dims.empty();
}

bool IsWholeScalar(const Variable& variable) {
  return IsScalar(variable) && variable.dtype.starts_with("int");
}

// A graph in which every node is an optimizer of every variable is an attack.
constexpr size_t kMaxOptimizers = 256;
constexpr size_t kMaxSlotKinds = 64;

class Roles {
 public:
  Roles(const ObjectGraph& graph, const std::vector<size_t>& variable_of,
        Layout* layout)
      : graph_(graph), variable_of_(variable_of), layout_(*layout) {}

  size_t Assign() {
    SetBookkeeping();
    order_ = ReadingOrder(graph_);
    std::vector<uint32_t> optimizers;
    for (uint32_t id : order_) {
      if (optimizers.size() < kMaxOptimizers && IsOptimizer(graph_.nodes[id])) {
        optimizers.push_back(id);
      }
    }
    for (uint32_t id : optimizers) MarkWeights(id);
    for (uint32_t id : optimizers) Claim(id);
    SetNames();
    for (uint32_t id : optimizers) TieOptimizer(id);
    SetLayers();
    return StepVariable();
  }

 private:
  const ObjectNode& Node(uint32_t id) const { return graph_.nodes[id]; }

  Variable* VariableAt(uint32_t id) {
    size_t at = variable_of_[id];
    return at == kNoVariable ? nullptr : &layout_.variables[at];
  }

  // What the root holds for the checkpoint's own sake, the metrics that a
  // compiled model carries along, and the state of a layer's random numbers.
  void SetBookkeeping() {
    for (Variable& variable : layout_.variables) {
      std::string_view key = variable.key;
      bool is_metric =
          key.starts_with("keras_api/") || key.find("/keras_api/") != key.npos;
      bool is_counter = key.starts_with("save_counter/");
      bool is_random = key.find("/_random_generator/") != key.npos;
      bool is_value = key.ends_with("/VARIABLE_VALUE");
      if (is_metric || is_counter || is_random || !is_value) {
        variable.role = Role::kBookkeeping;
      }
      if (is_metric) variable.name = variable.key;
    }
  }

  // The model's own variables, of which an optimizer keeps a list.
  void MarkWeights(uint32_t optimizer) {
    const auto* list = Node(optimizer).Find("_trainable_variables");
    if (list == nullptr) return;
    for (const auto& child : Node(list->node).children) {
      is_weight_.insert({child.node, true});
      if (Variable* variable = VariableAt(child.node)) {
        variable->trainable = true;
      }
    }
  }

  // Everything below an optimizer is its own, but for the model's variables.
  void Claim(uint32_t optimizer) {
    std::vector<uint32_t> stack = {optimizer};
    while (!stack.empty()) {
      uint32_t id = stack.back();
      stack.pop_back();
      if (is_weight_.contains(id) || !claimed_.insert({id, true}).second) {
        continue;
      }
      Variable* variable = VariableAt(id);
      if (variable != nullptr && variable->role == Role::kWeight) {
        variable->role = Role::kOptimizer;
      }
      for (const auto& child : Node(id).children) {
        if (child.name != "_trainable_variables") stack.push_back(child.node);
      }
    }
    for (const auto& slot : Node(optimizer).slots) {
      claimed_.insert({slot.slot, true});
      Variable* variable = VariableAt(slot.slot);
      if (variable != nullptr) variable->role = Role::kOptimizer;
    }
  }

  // Weights by name, in reading order.
  void SetNames() {
    for (uint32_t id : order_) {
      Variable* variable = VariableAt(id);
      if (variable == nullptr || variable->role != Role::kWeight) continue;
      weights_by_name_[variable->name].push_back(variable);
    }
  }

  void TieOptimizer(uint32_t id) {
    const ObjectNode& node = Node(id);
    Optimizer optimizer;
    std::string class_name = ClassOf(id);
    if (!class_name.empty()) optimizer.class_name = class_name;
    // By the lists alone, Adam and AdamW are one: the words are, too.
    if (class_name.empty()) class_name = ClassOfLists(node);
    optimizer.id = UniqueId(class_name.empty() ? "optimizer" : class_name);
    TieSlotVariables(node, class_name, &optimizer);
    FindOwnersByName(node);
    for (const auto& child : node.children) {
      auto word = WordOfList(child.name);
      if (word) TieList(node, child, *word, class_name, &optimizer);
    }
    TieUnlisted(node, class_name, &optimizer);
    TieNamed(node, class_name, &optimizer);
    AddIteration(node);
    // A loss-scale wrapper without state of its own is no second optimizer.
    bool is_wrapper = node.Find("base_optimizer") != nullptr ||
                      node.Find("inner_optimizer") != nullptr;
    if (is_wrapper && optimizer.slots.empty()) return;
    layout_.optimizers.push_back(std::move(optimizer));
  }

  // The class, as the full names of the optimizer's own variables begin.
  std::string ClassOf(uint32_t optimizer) {
    std::map<std::string, size_t> votes;
    auto vote = [&](uint32_t id) {
      Variable* variable = VariableAt(id);
      if (variable == nullptr) return;
      // `momentum/dense/kernel` names a slot, and no optimizer of Keras.
      std::string name = ClassOfName(FirstPart(variable->name));
      if (!name.empty() && name != "Momentum") ++votes[name];
    };
    const ObjectNode& node = Node(optimizer);
    for (const auto& child : node.children) {
      vote(child.node);
      bool is_list =
          child.name == "_variables" || WordOfList(child.name).has_value();
      if (!is_list) continue;
      for (const auto& element : Node(child.node).children) {
        vote(element.node);
      }
    }
    for (const auto& slot : node.slots) {
      vote(slot.slot);
      // TF1's own under a checkpoint: dense/kernel/Adam.
      Variable* variable = VariableAt(slot.slot);
      if (variable == nullptr) continue;
      std::string_view name = variable->name;
      std::string last = ClassOfName(LastPart(name, "/"));
      if (!last.empty()) ++votes[last];
    }
    std::string best;
    size_t most = 0;
    for (const auto& [name, count] : votes) {
      if (count > most) {
        best = name;
        most = count;
      }
    }
    return best;
  }

  std::string UniqueId(const std::string& class_name) {
    size_t count = ++ids_[class_name];
    if (count == 1) return class_name;
    return fmt::format("{}#{}", class_name, count);
  }

  void SetSlot(Variable* variable, std::string_view canonical,
               std::string_view raw, Variable* owner, Optimizer* optimizer) {
    bool is_average = canonical == "average";
    variable->role = is_average ? Role::kAverage : Role::kSlot;
    variable->slot.emplace();
    variable->slot->slot = canonical;
    variable->slot->raw = raw;
    if (!is_average) variable->slot->optimizer = optimizer->id;
    if (owner != nullptr) {
      variable->slot->owner = owner->name;
      variable->slot->owner_key = owner->key;
      if (!is_average) owner->trainable = true;
    }
    auto& slots = optimizer->slots;
    if (!is_average && slots.size() < kMaxSlotKinds &&
        std::find(slots.begin(), slots.end(), canonical) == slots.end()) {
      slots.emplace_back(canonical);
    }
  }

  void TieSlotVariables(const ObjectNode& node, const std::string& class_name,
                        Optimizer* optimizer) {
    for (const auto& slot : node.slots) {
      Variable* variable = VariableAt(slot.slot);
      if (variable == nullptr) continue;
      std::string canonical =
          CanonicalSlot(SlotDialect::kKeras2, class_name, slot.name);
      SetSlot(variable, canonical, slot.name, VariableAt(slot.original),
              optimizer);
    }
  }

  void TieList(const ObjectNode& node, const ObjectNode::Child& list,
               std::string_view word, const std::string& class_name,
               Optimizer* optimizer) {
    const auto* weights = node.Find("_trainable_variables");
    std::string canonical =
        CanonicalSlot(SlotDialect::kKeras3, class_name, word);
    std::unordered_map<std::string_view, uint32_t> weight_of;  // by index
    if (weights != nullptr) {
      for (const auto& child : Node(weights->node).children) {
        weight_of.emplace(child.name, child.node);
      }
    }
    for (const auto& child : Node(list.node).children) {
      Variable* variable = VariableAt(child.node);
      if (variable == nullptr) continue;
      Variable* owner = nullptr;
      if (weights != nullptr) {
        auto weight = weight_of.find(child.name);
        if (weight != weight_of.end()) owner = VariableAt(weight->second);
      } else {
        auto found = owner_by_name_.find(variable);
        if (found != owner_by_name_.end()) owner = found->second;
      }
      if (IsScalarFactor(list.name, *variable)) {
        variable->role = Role::kBookkeeping;
      } else if (variable->role != Role::kWeight) {
        SetSlot(variable, canonical, list.name, owner, optimizer);
      }
    }
  }

  // Keras 3 tracks a list of variables only if it holds nothing else. What is
  // in no list (Adafactor's, Muon's) is told by its name. Adafactor's two
  // factors have no such name, and stand before the third.
  void TieUnlisted(const ObjectNode& node, const std::string& class_name,
                   Optimizer* optimizer) {
    const auto* all = node.Find("_variables");
    const auto* weights = node.Find("_trainable_variables");
    if (all == nullptr || weights == nullptr) return;
    std::vector<Variable*> owners;
    for (const auto& child : Node(weights->node).children) {
      owners.push_back(VariableAt(child.node));
    }
    const OwnersByFlatName by_flat_name(owners);
    std::vector<Variable*> state;
    for (const auto& child : Node(all->node).children) {
      state.push_back(VariableAt(child.node));
    }
    for (size_t i = 0; i < state.size(); ++i) {
      Variable* one = state[i];
      if (one == nullptr || one->role != Role::kOptimizer) continue;
      auto [owner, word] = by_flat_name.Find(*one);
      if (owner == nullptr || owner->shape != one->shape) continue;
      SetSlot(one, CanonicalSlot(SlotDialect::kKeras3, class_name, word), word,
              owner, optimizer);
      if (class_name != "Adafactor" || i < 2) continue;
      SetFactor(state[i - 2], "row", owner, optimizer);
      SetFactor(state[i - 1], "column", owner, optimizer);
    }
  }

  void SetFactor(Variable* factor, std::string_view word, Variable* owner,
                 Optimizer* optimizer) {
    if (factor == nullptr || factor->role != Role::kOptimizer) return;
    if (IsScalar(*factor)) {
      factor->role = Role::kBookkeeping;  // a vector is not factored
    } else if (factor->shape.dims.size() + 1 == owner->shape.dims.size()) {
      SetSlot(factor, word, word, owner, optimizer);
    }
  }

  // Where nothing lists the model's variables beside the slots, names tell.
  void FindOwnersByName(const ObjectNode& node) {
    owner_by_name_.clear();
    if (node.Find("_trainable_variables") != nullptr) return;
    std::vector<std::vector<Variable*>> lists;
    for (const auto& child : node.children) {
      if (!WordOfList(child.name)) continue;
      std::vector<Variable*>& list = lists.emplace_back();
      for (const auto& element : Node(child.node).children) {
        Variable* variable = VariableAt(element.node);
        if (variable != nullptr && !IsScalarFactor(child.name, *variable)) {
          list.push_back(variable);
        }
      }
    }
    owner_by_name_ = OwnersByName(weights_by_name_, lists);
  }

  // An optimizer that was saved before its first step tracks no lists later
  // either: what is left is `_variables`, and names (`Adam/m/dense/kernel`).
  void TieNamed(const ObjectNode& node, const std::string& class_name,
                Optimizer* optimizer) {
    const auto* all = node.Find("_variables");
    if (all == nullptr || !optimizer->slots.empty() ||
        node.Find("_trainable_variables") != nullptr) {
      return;
    }
    std::map<std::string_view, std::vector<Variable*>> by_word;
    for (const auto& child : Node(all->node).children) {
      Variable* variable = VariableAt(child.node);
      if (variable == nullptr || variable->role != Role::kOptimizer) continue;
      std::vector<std::string_view> parts = Split(variable->name, '/');
      if (parts.size() < 3 || ClassOfName(parts[0]).empty() ||
          !IsSlotWord(SlotDialect::kKeras2, parts[1])) {
        continue;
      }
      by_word[parts[1]].push_back(variable);
    }
    std::vector<std::vector<Variable*>> lists;
    lists.reserve(by_word.size());
    for (const auto& [word, list] : by_word) lists.push_back(list);
    const auto owners = OwnersByName(weights_by_name_, lists);
    for (const auto& [word, list] : by_word) {
      for (Variable* variable : list) {
        auto owner = owners.find(variable);
        SetSlot(variable, CanonicalSlot(SlotDialect::kKeras2, class_name, word),
                word, owner == owners.end() ? nullptr : owner->second,
                optimizer);
      }
    }
  }

  // What stands for the factors of a vector, which is not factored.
  static bool IsScalarFactor(std::string_view list, const Variable& variable) {
    return (list == "_r" || list == "_c") && IsScalar(variable);
  }

  void AddIteration(const ObjectNode& node) {
    // A wrapper counts beside the optimizer that it wraps.
    for (std::string_view name : {"inner_optimizer", "base_optimizer"}) {
      const auto* inner = node.Find(name);
      if (inner != nullptr && IsOptimizer(Node(inner->node))) return;
    }
    for (std::string_view name : {"iter", "_iterations"}) {
      const auto* child = node.Find(name);
      size_t at = child == nullptr ? kNoVariable : variable_of_[child->node];
      if (at == kNoVariable) continue;
      bool is_known = std::find(iterations_.begin(), iterations_.end(), at) !=
                      iterations_.end();
      if (!is_known) iterations_.push_back(at);
      return;
    }
    const auto* list = node.Find("_variables");
    const auto* first = list == nullptr ? nullptr : Node(list->node).Find("0");
    size_t at = first == nullptr ? kNoVariable : variable_of_[first->node];
    if (at != kNoVariable && IsWholeScalar(layout_.variables[at])) {
      iterations_.push_back(at);
    }
  }

  // A counter that the user's own code keeps: at the root under its usual
  // name, or TF1's own global step.
  size_t StepVariable() {
    constexpr std::array<std::string_view, 5> kSteps = {
        "step", "global_step", "train_step", "training_step", "current_step"};
    std::vector<size_t> steps;
    if (!graph_.nodes.empty()) {
      for (const auto& child : Node(0).children) {
        bool is_step =
            std::find(kSteps.begin(), kSteps.end(), child.name) != kSteps.end();
        Variable* variable = VariableAt(child.node);
        if (!is_step || variable == nullptr || !IsWholeScalar(*variable) ||
            variable->role == Role::kSlot) {
          continue;
        }
        variable->role = Role::kStep;
        steps.push_back(variable_of_[child.node]);
      }
    }
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      Variable& variable = layout_.variables[i];
      if (variable.name == "global_step" && variable.role == Role::kWeight &&
          IsWholeScalar(variable)) {
        variable.role = Role::kStep;
        steps.push_back(i);
      }
    }
    if (steps.size() == 1) return steps[0];
    if (!steps.empty() || iterations_.size() != 1) return kNoVariable;
    return iterations_[0];
  }

  // A layer of a functional model is a node `layer_with_weights-N`, and its
  // variables' names begin with its name; elsewhere it is the scope.
  void SetLayers() {
    for (Variable& variable : layout_.variables) {
      if (variable.role != Role::kWeight) continue;
      size_t first = variable.name.find('/');
      size_t last = variable.name.rfind('/');
      if (first == std::string::npos) continue;
      size_t parent = variable.key.find("layer_with_weights-");
      size_t end = parent == std::string::npos ? last : first;
      variable.layer = variable.name.substr(0, end);
      bool is_known = !layers_.insert({variable.layer, true}).second;
      if (!is_known) layout_.layers.push_back({variable.layer, {}, true});
    }
  }

  const ObjectGraph& graph_;
  const std::vector<size_t>& variable_of_;
  Layout& layout_;
  std::vector<uint32_t> order_;
  std::unordered_map<uint32_t, bool> is_weight_;
  std::unordered_map<uint32_t, bool> claimed_;
  WeightsByName weights_by_name_;
  std::unordered_map<const Variable*, Variable*> owner_by_name_;
  std::unordered_map<std::string, size_t> ids_;  // how many of a class
  std::vector<size_t> iterations_;
  std::unordered_map<std::string, bool> layers_;
};

}  // namespace

size_t AssignObjectRoles(const ObjectGraph& graph,
                         const std::vector<size_t>& variable_of,
                         Layout* layout) {
  return Roles(graph, variable_of, layout).Assign();
}

}  // namespace ckptdiff
