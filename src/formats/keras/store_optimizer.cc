// `optimizer/vars/0`, `1`, …: iteration, learning rate (Keras 3; none with a
// schedule), then the slots in the order of the class. A wrapper stores what
// its inner optimizers have a second time, behind its own scalars:
//
//   LossScaleOptimizer   optimizer/inner_optimizer/vars/N
//                        = optimizer/vars/(4 + N), in tf-keras vars/N
//   MultiOptimizer       optimizer/optimizers/adam/vars/N
//                        = the next ones in optimizer/vars

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "formats/keras/store_layout.h"

namespace ckptdiff {
namespace {

using Numbered = std::vector<StoredVariable>;

bool IsScalar(const StoredVariable& stored) {
  return stored.variable.shape.known && stored.variable.shape.dims.empty();
}

bool IsFloat(const StoredVariable& stored) {
  return stored.variable.dtype.find("float") != std::string::npos;
}

// An optimizer inside of a wrapper, and its copies among the wrapper's own.
struct Inner {
  std::string path;
  const StoreGroup* group = nullptr;
  std::optional<size_t> copies_at;  // in the wrapper's variables
};

bool IsCopy(const Numbered& inner, const Numbered& outer, size_t end) {
  if (inner.empty() || inner.size() > end) return false;
  size_t begin = end - inner.size();
  return std::ranges::equal(
      inner, std::span(outer).subspan(begin, inner.size()),
      [](const StoredVariable& a, const StoredVariable& b) {
        return a.variable.shape == b.variable.shape &&
               a.variable.dtype == b.variable.dtype;
      });
}

// The copies stand at the end of the wrapper's variables, one optimizer after
// the other. Returns how many variables are its own.
size_t FindCopies(const Numbered& outer, std::vector<Inner>* inners) {
  size_t end = outer.size();
  bool found = true;
  while (found && end > 0) {
    found = false;
    for (auto inner = inners->rbegin(); inner != inners->rend(); ++inner) {
      const Numbered& own = inner->group->variables;
      if (inner->copies_at || !IsCopy(own, outer, end)) continue;
      end -= own.size();
      inner->copies_at = end;
      found = true;
      break;
    }
  }
  return end;
}

class OptimizerLister {
 public:
  OptimizerLister(const StoreContext& context, Layout* layout)
      : context_(context), layout_(layout) {}

  // Variables of one optimizer; `copies` are the same ones under other keys.
  void List(const KerasOptimizer& optimizer, const Numbered& variables,
            std::span<const StoredVariable> copies, const SlotOwners& owners) {
    std::string id = AddOptimizer(optimizer, layout_);
    std::string scope = OptimizerScope(optimizer, context_.dialect);
    size_t scalars = CountScalars(optimizer, variables);
    std::vector<Shape> shapes;
    for (size_t i = scalars; i < variables.size(); ++i) {
      shapes.push_back(variables[i].variable.shape);
    }
    std::vector<TiedSlot> tied =
        TieSlots(optimizer, context_.dialect, shapes, owners);
    for (size_t i = 0; i < variables.size(); ++i) {
      Variable variable = variables[i].variable;
      if (i < copies.size()) {
        variable.keys = {variable.key, copies[i].variable.key};
      }
      variable.role = Role::kOptimizer;
      if (i < scalars) {
        variable.name = Scalar(scope, i);
      } else {
        NameSlot(optimizer, id, scope, tied[i - scalars], owners, &variable);
      }
      layout_->variables.push_back(std::move(variable));
    }
    if (!variables.empty()) steps_.push_back(variables[0].step);
  }

  // What a wrapper has of its own.
  void ListOwn(const std::string& label, std::span<const StoredVariable> own) {
    std::string scope = label.empty() ? "optimizer" : label;
    for (size_t i = 0; i < own.size(); ++i) {
      Variable variable = own[i].variable;
      variable.role = Role::kOptimizer;
      variable.name = Scalar(scope, i);
      layout_->variables.push_back(std::move(variable));
    }
  }

  // The iteration of the only optimizer.
  void SetStep() {
    if (steps_.size() == 1) layout_->source.step = steps_[0];
  }

 private:
  bool is_keras3() const { return context_.dialect == SlotDialect::kKeras3; }

  std::string Scalar(const std::string& scope, size_t index) const {
    static constexpr std::array<std::string_view, 4> kNames = {
        "iteration", "learning_rate", "step_counter", "dynamic_scale"};
    if (!is_keras3() && index == 0) return "iteration";
    return index < kNames.size() ? fmt::format("{}/{}", scope, kNames[index])
                                 : fmt::format("{}/variable_{}", scope, index);
  }

  size_t CountScalars(const KerasOptimizer& optimizer,
                      const Numbered& variables) const {
    if (variables.empty() || !IsScalar(variables[0])) return 0;
    bool has_rate = is_keras3() && !optimizer.has_own_schedule &&
                    variables.size() > 1 && IsScalar(variables[1]) &&
                    IsFloat(variables[1]);
    return has_rate ? 2 : 1;
  }

  void NameSlot(const KerasOptimizer& optimizer, const std::string& id,
                const std::string& scope, const TiedSlot& tied,
                const SlotOwners& owners, Variable* variable) {
    variable->name = variable->key;
    if (tied.placeholder) variable->role = Role::kBookkeeping;
    if (tied.word.empty()) {
      if (!tied.placeholder) variable->name = scope + "/variable";
      return;
    }
    Slot slot;
    slot.raw = tied.word;
    slot.slot = CanonicalSlot(
        context_.dialect,
        tied.class_name.empty() ? optimizer.class_name : tied.class_name,
        tied.word);
    slot.optimizer = id;
    if (tied.owner) {
      const SlotOwner& owner = owners.all[*tied.owner];
      slot.owner = owner.name;
      slot.owner_key = owner.key;
      variable->name =
          SlotVariableName(optimizer, context_.dialect, tied.word, owner.name);
    }
    // Of what, a guess does not say: it may be some other slot.
    bool is_average =
        slot.slot == "average" && (tied.owner || !optimizer.class_name.empty());
    variable->role = is_average ? Role::kAverage : Role::kSlot;
    if (variable->role == Role::kAverage) {
      slot.optimizer.clear();
    } else {
      NoteSlot(id, slot.slot, layout_);
    }
    variable->slot = std::move(slot);
  }

  const StoreContext& context_;
  Layout* layout_;
  std::vector<std::optional<int64_t>> steps_;
};

// ---- MultiOptimizer: which variables are whose.

// Of regular expressions, the two that people write: a path, and "path/.*".
bool IsPlain(std::string_view pattern) {
  if (pattern.ends_with(".*")) pattern.remove_suffix(2);
  return pattern.find_first_of(".*+?[](){}|\\^$") == pattern.npos;
}

bool Matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with(".*")) return pattern == path;
  return path.starts_with(pattern.substr(0, pattern.size() - 2));
}

// The owners that part `index` has; all of them where a pattern is not plain.
SlotOwners OwnersOf(const std::vector<KerasOptimizerPart>& parts, size_t index,
                    const SlotOwners& owners) {
  bool is_told = std::ranges::all_of(
      parts, [](const auto& part) { return IsPlain(part.pattern); });
  if (!is_told) return owners;
  SlotOwners own;
  own.ordered = owners.ordered;
  for (const SlotOwner& owner : owners.all) {
    size_t of = parts.size();
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string& pattern = parts[i].pattern;
      if (pattern.empty() && of == parts.size()) of = i;
      if (!pattern.empty() && Matches(pattern, owner.name)) of = i;
    }
    if (of == index) own.all.push_back(owner);
  }
  return own;
}

// The part of that name ("adam"); parts.size() where there is no such one.
size_t PartNamed(const std::vector<KerasOptimizerPart>& parts,
                 const std::string& name) {
  auto found = std::ranges::find_if(
      parts, [&](const auto& part) { return part.optimizer.name == name; });
  return static_cast<size_t>(found - parts.begin());
}

}  // namespace

void ListStoreOptimizer(const KerasStore& store, const StoreContext& context,
                        const SlotOwners& owners, Layout* layout) {
  auto outer = store.find("optimizer");
  std::vector<Inner> inners;
  for (const auto& [path, group] : store) {
    bool is_inner = path.starts_with("optimizer/") && !group.variables.empty();
    if (is_inner) inners.push_back({path, &group, {}});
  }
  OptimizerLister lister(context, layout);
  if (outer == store.end() && inners.empty()) return;
  static const StoreGroup no_group;
  const StoreGroup& wrapper = outer == store.end() ? no_group : outer->second;
  const Numbered& variables = wrapper.variables;
  if (inners.empty()) {
    lister.List(context.optimizer, variables, {}, owners);
    lister.SetStep();
    return;
  }
  size_t own = FindCopies(variables, &inners);
  lister.ListOwn(wrapper.label, std::span(variables).first(own));
  for (const Inner& inner : inners) {
    std::span<const StoredVariable> copies;
    if (inner.copies_at) {
      copies = std::span(variables).subspan(*inner.copies_at,
                                            inner.group->variables.size());
    }
    const std::vector<KerasOptimizerPart>& parts = context.optimizer.parts;
    size_t part = PartNamed(parts, inner.group->label);
    bool is_part = part < parts.size();
    lister.List(is_part ? parts[part].optimizer : context.optimizer,
                inner.group->variables, copies,
                is_part ? OwnersOf(parts, part, owners) : owners);
  }
  lister.SetStep();
}

}  // namespace ckptdiff
