#include "layout/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/name_parts.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"
#include "layout/pytree.h"
#include "layout/slots.h"
#include "layout/tf1_slots.h"

namespace ckptdiff {
namespace {

// Slots that have the shape of their variable. Any other may be factored, a
// scalar or a placeholder.
constexpr std::array<std::string_view, 12> kOwnShape = {
    "m",         "v",      "vhat",        "momentum",
    "rms",       "mg",     "accumulator", "accum_grad",
    "accum_var", "linear", "z",           "gradient_accumulator"};

// Weights that no gradient moves.
constexpr std::array<std::string_view, 9> kStatistics = {
    "moving_mean",  "moving_variance",      "moving_var",
    "running_mean", "running_var",          "num_batches_tracked",
    "position_ids", "seed_generator_state", "batch_stats"};

template <size_t N>
bool Holds(const std::array<std::string_view, N>& words,
           std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsStatistic(const Variable& variable) {
  const std::string& dtype = variable.dtype;
  bool is_number = dtype.starts_with("int") || dtype.starts_with("uint") ||
                   dtype == "bool" || dtype == "string";
  return is_number || Holds(kStatistics, LastPart(variable.name));
}

Optimizer& OptimizerNamed(const std::string& id, Layout* layout) {
  for (Optimizer& one : layout->optimizers) {
    if (one.id == id) return one;
  }
  Optimizer added;
  added.id = id;
  std::string class_name = id.substr(0, id.find('#'));
  if (IsOptimizerClass(class_name)) added.class_name = class_name;
  layout->optimizers.push_back(std::move(added));
  return layout->optimizers.back();
}

void AddSlotName(const std::string& slot, Optimizer* optimizer) {
  auto& slots = optimizer->slots;
  if (std::find(slots.begin(), slots.end(), slot) == slots.end()) {
    slots.push_back(slot);
  }
}

class Expander {
 public:
  Expander(const Said& said, Layout* layout) : said_(said), layout_(*layout) {}

  void SettleRoles() {
    std::vector<size_t> open;
    bool all_said = std::ranges::all_of(said_.role, std::identity());
    if (!all_said) CollectNames();
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      if (!said_.role[i] && !TryLabel(i)) open.push_back(i);
    }
    ReadTf1Names(open);
    for (size_t i = 0; i < layout_.variables.size(); ++i) {
      Variable& variable = layout_.variables[i];
      bool is_open = variable.role == Role::kWeight && !said_.trainable[i];
      if (is_open) variable.trainable = !IsStatistic(variable);
    }
  }

  // Slots of optimizers that have no slot variables.
  bool AddSlots(size_t most) {
    size_t weights = layout_.variables.size();
    std::vector<Variable> made;
    for (size_t i = 0; i < layout_.optimizers.size(); ++i) {
      Optimizer& optimizer = layout_.optimizers[i];
      if (HasSlotVariables(optimizer)) continue;
      bool is_said = i < said_.slots.size() && said_.slots[i];
      if (!is_said) {
        for (std::string_view slot : SlotsOfClass(
                 optimizer.class_name.value_or(""), optimizer.settings)) {
          optimizer.slots.emplace_back(slot);
        }
      }
      for (size_t w = 0; w < weights; ++w) {
        if (made.size() > most) return false;
        AddSlotsOf(optimizer, layout_.variables[w], is_said, &made);
      }
    }
    for (Variable& variable : made) {
      layout_.variables.push_back(std::move(variable));
    }
    return true;
  }

 private:
  void CollectNames() {
    names_.reserve(layout_.variables.size());
    for (const Variable& variable : layout_.variables) {
      names_.insert(variable.name);
    }
  }

  // "OWNER/OPTIMIZER/SLOT" and "OWNER/average". The owner may be unlisted
  // where the rest is beyond doubt.
  bool TryLabel(size_t i) {
    Variable& variable = layout_.variables[i];
    const std::string name = variable.name;
    size_t last = name.rfind('/');
    if (last == std::string::npos || last == 0) return false;
    std::string slot = name.substr(last + 1), owner = name.substr(0, last);
    if (slot == "average" && names_.contains(owner)) {
      variable.role = Role::kAverage;
      variable.slot = Slot{.slot = slot, .owner = owner};
      return true;
    }
    size_t middle = owner.rfind('/');
    if (middle == std::string::npos || middle == 0) return false;
    std::string optimizer = owner.substr(middle + 1);
    owner.resize(middle);
    bool is_slot = Holds(kOwnShape, slot) || slot == "row" || slot == "column";
    bool is_known = IsOptimizerClass(optimizer.substr(0, optimizer.find('#')));
    bool is_listed =
        std::any_of(layout_.optimizers.begin(), layout_.optimizers.end(),
                    [&](const Optimizer& one) { return one.id == optimizer; });
    bool has_owner = names_.contains(owner);
    bool is_label = (is_slot && (has_owner || is_known || is_listed)) ||
                    (has_owner && is_listed);
    if (!is_label) return false;
    variable.role = Role::kSlot;
    variable.slot = Slot{.optimizer = optimizer, .slot = slot, .owner = owner};
    AddSlotName(slot, &OptimizerNamed(optimizer, &layout_));
    return true;
  }

  // Asks the reader of TF1's names, which sees nothing but names and shapes.
  void ReadTf1Names(const std::vector<size_t>& open) {
    Layout names;
    std::vector<size_t> position;
    for (size_t i : open) {
      const Variable& from = layout_.variables[i];
      Variable variable;
      variable.name = from.name;
      variable.key = from.key;
      variable.shape = from.shape;
      names.variables.push_back(std::move(variable));
      position.push_back(i);
    }
    TieTf1Slots(&names);
    for (size_t k = 0; k < position.size(); ++k) {
      Variable& variable = layout_.variables[position[k]];
      Variable& read = names.variables[k];
      std::string_view leaf = LastPart(variable.name);
      if (leaf == "global_step") variable.role = Role::kStep;
      bool is_power = leaf == "beta1_power" || leaf == "beta2_power";
      if (is_power || read.role == Role::kOptimizer) {
        variable.role = Role::kOptimizer;
      }
      if (read.slot && IsCertain(read, names)) TakeSlot(read, &variable);
    }
  }

  // Where shapes are unknown they prove nothing: then the name alone has to.
  static bool IsCertain(const Variable& read, const Layout& names) {
    if (read.shape.known || read.role == Role::kAverage) return true;
    return std::any_of(names.optimizers.begin(), names.optimizers.end(),
                       [&](const Optimizer& one) {
                         return one.id == read.slot->optimizer &&
                                one.class_name.has_value();
                       });
  }

  void TakeSlot(Variable& read, Variable* variable) {
    variable->role = read.role;
    variable->slot = std::move(read.slot);
    if (variable->role != Role::kSlot) return;
    AddSlotName(variable->slot->slot,
                &OptimizerNamed(variable->slot->optimizer, &layout_));
  }

  bool HasSlotVariables(const Optimizer& optimizer) const {
    bool is_alone = layout_.optimizers.size() == 1;
    return std::any_of(layout_.variables.begin(), layout_.variables.end(),
                       [&](const Variable& variable) {
                         if (variable.role != Role::kSlot || !variable.slot)
                           return false;
                         const std::string& id = variable.slot->optimizer;
                         return id == optimizer.id || (is_alone && id.empty());
                       });
  }

  // Adafactor keeps two factors of a matrix, and v of anything less.
  static bool HasSlot(std::string_view slot, const Optimizer& optimizer,
                      const Variable& owner) {
    const auto& slots = optimizer.slots;
    bool factors = std::find(slots.begin(), slots.end(), "row") != slots.end();
    if (!factors || !owner.shape.known) return true;
    bool is_matrix = owner.shape.dims.size() >= 2;
    return is_matrix == (slot == "row" || slot == "column");
  }

  static void AddSlotsOf(const Optimizer& optimizer, const Variable& owner,
                         bool is_said, std::vector<Variable>* made) {
    bool is_trained = owner.role == Role::kWeight && owner.tracked &&
                      owner.tied_to.empty() &&
                      owner.trainable.value_or(!IsStatistic(owner));
    if (!is_trained) return;
    for (const std::string& slot : optimizer.slots) {
      if (!is_said && !HasSlot(slot, optimizer, owner)) continue;
      Variable variable;
      variable.role = Role::kSlot;
      variable.slot = Slot{.optimizer = optimizer.id,
                           .slot = slot,
                           .owner = owner.name,
                           .owner_key = owner.key};
      variable.name = SlotLabel(variable);
      variable.layer = owner.layer;
      if (Holds(kOwnShape, slot)) variable.shape = owner.shape;
      made->push_back(std::move(variable));
    }
  }

  const Said& said_;
  Layout& layout_;
  std::unordered_set<std::string_view> names_;
};

bool IsBareTree(const Said& said, const Layout& layout) {
  return layout.source.framework == "flax" &&
         std::ranges::none_of(said.role, std::identity());
}

// Asks the reader of JAX's training states, which sees nothing but paths.
void DescribeBareTree(Layout* layout) {
  std::vector<std::vector<std::string>> paths;
  std::vector<bool> is_python;
  // A number of Python's has no type, where arrays have one.
  const bool are_typed = std::ranges::any_of(
      layout->variables, [](const Variable& v) { return !v.dtype.empty(); });
  for (Variable& variable : layout->variables) {
    if (variable.key.empty()) variable.key = variable.name;
    std::vector<std::string_view> parts = Split(variable.name, '/');
    paths.emplace_back(parts.begin(), parts.end());
    const Shape& shape = variable.shape;
    is_python.push_back(are_typed && variable.dtype.empty() && shape.known &&
                        shape.dims.empty());
  }
  DescribeTree(paths, is_python, layout);
}

}  // namespace

bool ExpandLayout(const Said& said, size_t most, Layout* layout) {
  Expander expander(said, layout);
  if (IsBareTree(said, *layout)) {
    DescribeBareTree(layout);
  } else {
    expander.SettleRoles();
  }
  return expander.AddSlots(most);
}

}  // namespace ckptdiff
