#include "formats/torch_owners.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/name_parts.h"
#include "formats/torch_names.h"
#include "layout/owner_order.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

using Owners = std::vector<std::vector<TorchOwner>>;  // per group

constexpr std::array<std::string_view, 8> kBufferNames = {
    "running_mean",        "running_var",
    "num_batches_tracked", "position_ids",
    "token_type_ids",      "inv_freq",
    "n_averaged",          "relative_position_index"};

constexpr size_t kMaxSlots = 32;
constexpr size_t kMaxWork = size_t{1} << 26;

bool IsAnyKnown(const Owners& owners) {
  for (const std::vector<TorchOwner>& group : owners) {
    for (const TorchOwner& owner : group) {
      if (owner.variable != TorchOwner::kUnknown) return true;
    }
  }
  return false;
}

class OwnerFinder {
 public:
  OwnerFinder(const TorchTree& tree, const Layout& layout,
              std::span<const TorchParameters> models,
              std::span<const TorchOptimizer> optimizers)
      : tree_(tree), layout_(layout), models_(models), optimizers_(optimizers) {
    for (const TorchOptimizer& optimizer : optimizers_) {
      Owners& owners = owners_.emplace_back();
      for (const std::vector<TorchMember>& group : optimizer.groups) {
        owners.emplace_back(group.size());
      }
    }
  }

  std::vector<Owners> Find();

 private:
  bool TakeNames(size_t optimizer, const TorchNames& weights);
  std::vector<OwnerGroup> Shapes(size_t optimizer) const;
  // Aligns these optimizers together with these parameters.
  bool Align(std::span<const size_t> optimizers,
             std::span<const size_t> variables, bool in_order);
  bool Align(size_t optimizer, const TorchParameters& model) {
    return Align(std::array{optimizer}, model.variables, model.is_in_order);
  }
  bool AlignAlone(size_t optimizer);
  bool AlignTogether(std::span<const size_t> optimizers);
  std::optional<size_t> ModelByName(size_t optimizer) const;
  std::vector<size_t> AllParameters() const;

  const TorchTree& tree_;
  const Layout& layout_;
  std::span<const TorchParameters> models_;
  std::span<const TorchOptimizer> optimizers_;
  std::vector<Owners> owners_;
};

// All members have a name, or none is taken.
bool OwnerFinder::TakeNames(size_t o, const TorchNames& weights) {
  std::vector<std::string_view> names;
  for (const std::vector<TorchMember>& group : optimizers_[o].groups) {
    for (const TorchMember& member : group) {
      if (member.name.empty()) return false;
      names.push_back(member.name);
    }
  }
  if (names.empty()) return false;
  std::optional<std::vector<size_t>> found = weights.Find(names);
  if (!found) return false;
  size_t next = 0;
  for (std::vector<TorchOwner>& group : owners_[o]) {
    for (TorchOwner& owner : group) {
      owner = {(*found)[next], names[next]};
      ++next;
    }
  }
  return true;
}

std::vector<OwnerGroup> OwnerFinder::Shapes(size_t o) const {
  std::vector<OwnerGroup> shapes;
  for (const std::vector<TorchMember>& group : optimizers_[o].groups) {
    OwnerGroup& of_group = shapes.emplace_back();
    for (const TorchMember& member : group) {
      of_group.push_back(member.node == TorchNode::kNone
                             ? Shape::Unknown()
                             : TorchParameterShape(tree_, member.node));
    }
  }
  return shapes;
}

bool OwnerFinder::Align(std::span<const size_t> optimizers,
                        std::span<const size_t> variables, bool in_order) {
  std::vector<OwnerGroup> groups;
  for (size_t o : optimizers) {
    for (OwnerGroup& group : Shapes(o)) groups.push_back(std::move(group));
  }
  std::vector<Shape> parameters;
  parameters.reserve(variables.size());
  for (size_t v : variables) parameters.push_back(layout_.variables[v].shape);
  std::optional<OwnerIndices> aligned =
      in_order ? AlignOwners(parameters, groups)
               : AlignOwnersByShape(parameters, groups);
  if (!aligned) return false;
  size_t next = 0;
  for (size_t o : optimizers) {
    for (std::vector<TorchOwner>& group : owners_[o]) {
      for (size_t i = 0; i < group.size(); ++i) {
        size_t parameter = (*aligned)[next][i];
        group[i].variable = parameter == kOpenOwner ? TorchOwner::kUnknown
                                                    : variables[parameter];
      }
      ++next;
    }
  }
  return true;
}

std::vector<size_t> OwnerFinder::AllParameters() const {
  std::vector<size_t> all;
  for (const TorchParameters& model : models_) {
    all.insert(all.end(), model.variables.begin(), model.variables.end());
  }
  return all;
}

// `optimizer_g` is the one of `generator`, `critic_optimizer` of `critic`:
// a word of the one begins the other, and that of one model only.
std::optional<size_t> OwnerFinder::ModelByName(size_t o) const {
  std::string_view name = tree_.node(optimizers_[o].node).name;
  std::optional<size_t> found;
  for (size_t m = 0; m < models_.size(); ++m) {
    bool fits = false;
    for (size_t at = 0; at < name.size();) {
      size_t end = std::min(name.find_first_of("_.-", at), name.size());
      std::string_view word = name.substr(at, end - at);
      if (!word.empty() && models_[m].word.starts_with(word)) fits = true;
      at = end + 1;
    }
    if (!fits) continue;
    if (found) return std::nullopt;
    found = m;
  }
  return found;
}

bool OwnerFinder::AlignAlone(size_t o) {
  if (models_.size() == 1) {
    return Align(o, models_[0]);
  }
  if (std::optional<size_t> model = ModelByName(o)) {
    if (Align(o, models_[*model])) return true;
  }
  // The only model that it fits, else all of them one after the other.
  std::optional<size_t> fitting;
  for (size_t m = 0; m < models_.size(); ++m) {
    if (!Align(o, models_[m])) continue;
    if (fitting) {  // two: take nothing
      for (auto& group : owners_[o]) {
        for (TorchOwner& owner : group) owner = {};
      }
      return false;
    }
    fitting = m;
  }
  if (fitting) return Align(o, models_[*fitting]);
  bool in_order = std::all_of(
      models_.begin(), models_.end(),
      [](const TorchParameters& model) { return model.is_in_order; });
  return Align(std::array{o}, AllParameters(), in_order);
}

// Several optimizers of one model (Lightning): together they may leave one
// reading where each alone leaves several.
bool OwnerFinder::AlignTogether(std::span<const size_t> optimizers) {
  if (optimizers.size() < 2 || models_.size() != 1) return false;
  return Align(optimizers, models_[0].variables, models_[0].is_in_order) &&
         std::any_of(optimizers.begin(), optimizers.end(),
                     [this](size_t o) { return IsAnyKnown(owners_[o]); });
}

std::vector<Owners> OwnerFinder::Find() {
  if (optimizers_.empty()) return std::move(owners_);
  const TorchNames weights(layout_);
  std::vector<size_t> unnamed;
  for (size_t o = 0; o < optimizers_.size(); ++o) {
    if (!TakeNames(o, weights)) unnamed.push_back(o);
  }
  // Each optimizer may be held against each model.
  size_t work =
      (unnamed.size() + 1) * (models_.size() + AllParameters().size());
  if (models_.empty() || work > kMaxWork || AlignTogether(unnamed)) {
    return std::move(owners_);
  }
  for (size_t o : unnamed) AlignAlone(o);
  return std::move(owners_);
}

}  // namespace

bool IsTorchBuffer(const Variable& variable) {
  bool is_number = variable.dtype.starts_with("int") ||
                   variable.dtype.starts_with("uint") ||
                   variable.dtype == "bool";
  return is_number ||
         std::find(kBufferNames.begin(), kBufferNames.end(),
                   LastPart(variable.name, ".")) != kBufferNames.end();
}

bool IsTorchParameter(const Variable& variable) {
  return variable.role == Role::kWeight && variable.tied_to.empty() &&
         !IsTorchBuffer(variable);
}

std::string_view ClassOf(const Optimizer& optimizer) {
  return optimizer.class_name ? std::string_view(*optimizer.class_name)
                              : std::string_view();
}

void SetTorchSlot(std::string_view raw, const TorchOwner& owner,
                  size_t variable, Optimizer* optimizer, Layout* layout) {
  Variable& state = layout->variables[variable];
  state.role = TorchSlotRole(raw, state.shape);
  Slot slot;
  slot.optimizer = optimizer->id;
  slot.slot = CanonicalSlot(SlotDialect::kTorch, ClassOf(*optimizer), raw);
  if (slot.slot != raw) slot.raw = raw;
  if (owner.variable != TorchOwner::kUnknown) {
    slot.owner = layout->variables[owner.variable].name;
    slot.owner_key = layout->variables[owner.variable].key;
  } else if (!owner.name.empty()) {
    slot.owner = std::string(owner.name);
  }
  std::vector<std::string>& slots = optimizer->slots;
  bool is_new = state.role == Role::kSlot && slots.size() < kMaxSlots &&
                std::find(slots.begin(), slots.end(), slot.slot) == slots.end();
  if (is_new) slots.push_back(slot.slot);
  state.slot = std::move(slot);
}

std::vector<std::vector<std::vector<TorchOwner>>> FindTorchOwners(
    const TorchTree& tree, const Layout& layout,
    std::span<const TorchParameters> models,
    std::span<const TorchOptimizer> optimizers) {
  return OwnerFinder(tree, layout, models, optimizers).Find();
}

}  // namespace ckptdiff
