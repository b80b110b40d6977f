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

#include "layout/slots.h"

namespace ckptdiff {
namespace {

// A list of an optimizer, and what Keras 3 calls one element of it.
struct SlotList {
  std::string_view name;
  std::string_view word;
};
constexpr std::array kSlotLists = {
    SlotList{"_momentums", "momentum"},
    SlotList{"momentums", "momentum"},
    SlotList{"_velocities", "velocity"},
    SlotList{"_velocity_hats", "velocity_hat"},
    SlotList{"_average_gradients", "average_gradient"},
    SlotList{"_accumulators", "accumulator"},
    SlotList{"_linears", "linear"},
    SlotList{"_accumulated_grads", "accumulated_grad"},
    SlotList{"_accumulated_delta_vars", "accumulated_delta_var"},
    SlotList{"_m", "m"},
    SlotList{"_u", "u"},
    SlotList{"_v", "v"},
    SlotList{"_r", "r"},
    SlotList{"_c", "c"},
    SlotList{"_accumulated_gradients", "gradient_accumulator"},
    SlotList{"_model_variables_moving_average", "average"},
    SlotList{"adam_momentums", "momentum"},
    SlotList{"adam_velocities", "velocity"},
    SlotList{"muon_momentums", "momentum"},
    SlotList{"muon_velocities", "velocity"},
};

const SlotList* FindSlotList(std::string_view name) {
  for (const SlotList& list : kSlotLists) {
    if (list.name == name) return &list;
  }
  return nullptr;
}

// Keras 3 names an optimizer's variables by its snake-case name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16>
    kClasses = {{{"adam", "Adam"},
                 {"adamw", "AdamW"},
                 {"adamax", "Adamax"},
                 {"nadam", "Nadam"},
                 {"sgd", "SGD"},
                 {"rmsprop", "RMSprop"},
                 {"adagrad", "Adagrad"},
                 {"adadelta", "Adadelta"},
                 {"ftrl", "Ftrl"},
                 {"adafactor", "Adafactor"},
                 {"lion", "Lion"},
                 {"lamb", "Lamb"},
                 {"muon", "Muon"},
                 {"momentum", "Momentum"},
                 {"adam_weight_decay", "AdamWeightDecay"},
                 {"schedule_free_adam_w", "ScheduleFreeAdamW"}}};

// "adam_1" is "Adam"; empty where the word is no optimizer's name.
std::string ClassOfName(std::string_view word) {
  size_t underscore = word.rfind('_');
  if (underscore != word.npos && underscore + 1 < word.size() &&
      word.find_first_not_of("0123456789", underscore + 1) == word.npos) {
    word = word.substr(0, underscore);
  }
  std::string lower;
  for (char c : word) {
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  for (const auto& [name, class_name] : kClasses) {
    if (lower == name || word == class_name) return std::string(class_name);
  }
  return {};
}

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
      if (IsOptimizer(graph_.nodes[id])) optimizers.push_back(id);
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

  // What the root holds for the checkpoint's own sake, and the metrics that a
  // compiled model carries along.
  void SetBookkeeping() {
    for (Variable& variable : layout_.variables) {
      std::string_view key = variable.key;
      bool is_metric =
          key.starts_with("keras_api/") || key.find("/keras_api/") != key.npos;
      bool is_counter = key.starts_with("save_counter/");
      bool is_value = key.ends_with("/VARIABLE_VALUE");
      if (is_metric || is_counter || !is_value) {
        variable.role = Role::kBookkeeping;
      }
      if (is_metric) variable.name = variable.key;
    }
  }

  static bool IsOptimizer(const ObjectNode& node) {
    if (!node.slots.empty()) return true;
    if (node.Find("_variables") != nullptr &&
        (node.Find("_iterations") != nullptr ||
         node.Find("_index_dict") != nullptr ||
         node.Find("_trainable_variables_indices") != nullptr)) {
      return true;
    }
    bool has_rate = node.Find("learning_rate") != nullptr ||
                    node.Find("decay") != nullptr ||
                    node.Find("momentum") != nullptr ||
                    node.Find("rho") != nullptr;
    if (node.Find("iter") != nullptr && has_rate) return true;
    // A loss-scale wrapper that has nothing else of its own.
    return node.Find("base_optimizer") != nullptr &&
           node.Find("loss_scale") != nullptr;
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
      weights_by_name_[variable->name].push_back(id);
    }
  }

  void TieOptimizer(uint32_t id) {
    const ObjectNode& node = Node(id);
    Optimizer optimizer;
    std::string class_name = ClassOf(id);
    bool has_lists = HasSlotLists(node);
    if (class_name.empty() && has_lists) class_name = ClassOfLists(node);
    if (!class_name.empty()) optimizer.class_name = class_name;
    optimizer.id = UniqueId(class_name.empty() ? "optimizer" : class_name);
    TieSlotVariables(node, class_name, &optimizer);
    for (const auto& child : node.children) {
      const SlotList* list = FindSlotList(child.name);
      if (list != nullptr) TieList(node, child, *list, class_name, &optimizer);
    }
    AddIteration(node);
    // A loss-scale wrapper without state of its own is no second optimizer.
    bool is_wrapper = node.Find("base_optimizer") != nullptr ||
                      node.Find("inner_optimizer") != nullptr;
    if (is_wrapper && optimizer.slots.empty()) return;
    layout_.optimizers.push_back(std::move(optimizer));
  }

  static bool HasSlotLists(const ObjectNode& node) {
    return std::any_of(
        node.children.begin(), node.children.end(),
        [](const auto& child) { return FindSlotList(child.name) != nullptr; });
  }

  // An optimizer without a telling name (under a loss scale): which lists it
  // has, and which it made first, is telling enough.
  static std::string ClassOfLists(const ObjectNode& node) {
    size_t momentum = 0, velocity = 0, at = 0;
    for (const auto& child : node.children) {
      ++at;
      if (child.name == "_momentums") momentum = at;
      if (child.name == "_velocities") velocity = at;
      if (child.name == "_u") return "Adamax";
      if (child.name == "_linears") return "Ftrl";
      if (child.name == "_accumulated_grads") return "Adadelta";
      if (child.name == "_average_gradients") return "RMSprop";
      if (child.name == "_r") return "Adafactor";
      if (child.name == "_u_product") return "Nadam";
    }
    if (velocity != 0 && (momentum == 0 || velocity < momentum)) {
      return "RMSprop";
    }
    return momentum != 0 && velocity != 0 ? "Adam" : "";
  }

  // The class, as the full names of the optimizer's own variables begin.
  std::string ClassOf(uint32_t optimizer) {
    std::map<std::string, size_t> votes;
    auto vote = [&](uint32_t id) {
      Variable* variable = VariableAt(id);
      if (variable == nullptr) return;
      std::string name = ClassOfName(FirstPart(variable->name));
      if (!name.empty()) ++votes[name];
    };
    const ObjectNode& node = Node(optimizer);
    for (const auto& child : node.children) {
      vote(child.node);
      bool is_list =
          child.name == "_variables" || FindSlotList(child.name) != nullptr;
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
      std::string last = ClassOfName(name.substr(name.rfind('/') + 1));
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

  std::string UniqueId(const std::string& class_name) const {
    std::string id = class_name;
    for (size_t n = 2; IsTaken(id); ++n) {
      id = fmt::format("{}#{}", class_name, n);
    }
    return id;
  }

  bool IsTaken(const std::string& id) const {
    return std::any_of(layout_.optimizers.begin(), layout_.optimizers.end(),
                       [&](const Optimizer& one) { return one.id == id; });
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
    if (!is_average &&
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
               const SlotList& kind, const std::string& class_name,
               Optimizer* optimizer) {
    const auto* weights = node.Find("_trainable_variables");
    std::string canonical =
        CanonicalSlot(SlotDialect::kKeras3, class_name, kind.word);
    std::map<std::string, size_t> used;
    for (const auto& child : Node(list.node).children) {
      Variable* variable = VariableAt(child.node);
      if (variable == nullptr) continue;
      Variable* owner = nullptr;
      if (weights != nullptr) {
        const auto* weight = Node(weights->node).Find(child.name);
        if (weight != nullptr) owner = VariableAt(weight->node);
      } else {
        owner = OwnerByName(list, *variable, &used);
      }
      bool is_factor = kind.word == "r" || kind.word == "c";
      if (is_factor && IsScalar(*variable)) {
        variable->role = Role::kBookkeeping;  // a vector is not factored
      } else if (variable->role != Role::kWeight) {
        SetSlot(variable, canonical, list.name, owner, optimizer);
      }
    }
  }

  // The owner is the rest of `Adam/m/dense/kernel` or `m/dense/kernel`. Of
  // several weights of that name the k-th, if the list has one for each of
  // them: both come in the order of the model.
  Variable* OwnerByName(const ObjectNode::Child& list, const Variable& slot,
                        std::map<std::string, size_t>* used) {
    std::string_view rest = slot.name;
    for (int cut = 0; cut < 3; ++cut) {
      size_t slash = rest.find('/');
      if (slash == rest.npos) return nullptr;
      rest.remove_prefix(slash + 1);
      auto found = weights_by_name_.find(std::string(rest));
      if (found == weights_by_name_.end()) continue;
      const std::vector<uint32_t>& weights = found->second;
      if (weights.size() == 1) return VariableAt(weights[0]);
      size_t nth = (*used)[slot.name]++;
      if (CountNamed(list, slot.name) != weights.size()) return nullptr;
      Variable* owner = VariableAt(weights[nth]);
      // A factor (row, column) has fewer dimensions than its owner.
      bool is_factor = slot.shape.dims.size() < owner->shape.dims.size();
      return is_factor || owner->shape == slot.shape ? owner : nullptr;
    }
    return nullptr;
  }

  size_t CountNamed(const ObjectNode::Child& list, std::string_view name) {
    auto [found, is_new] = named_.try_emplace(list.node);
    if (is_new) {
      for (const auto& child : Node(list.node).children) {
        Variable* variable = VariableAt(child.node);
        if (variable != nullptr) ++found->second[variable->name];
      }
    }
    auto count = found->second.find(name);
    return count == found->second.end() ? 0 : count->second;
  }

  void AddIteration(const ObjectNode& node) {
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
  std::unordered_map<std::string, std::vector<uint32_t>> weights_by_name_;
  std::unordered_map<uint32_t, std::map<std::string, size_t, std::less<>>>
      named_;
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
