#include "formats/torch_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/text.h"
#include "formats/torch_globals.h"
#include "formats/torch_models.h"
#include "formats/torch_optimizer.h"
#include "formats/torch_owners.h"

namespace ckptdiff {
namespace {

using PartKind = TorchPart::Kind;
using NodeKind = TorchNode::Kind;

// Of one kind of damage this many are listed, the rest is counted.
constexpr size_t kIssuesShown = 20;

// Where a training loop keeps its step, best first.
constexpr std::array<std::string_view, 9> kStepNames = {
    "global_step", "step",   "iteration",   "iter",       "num_updates",
    "iter_num",    "n_iter", "global_iter", "total_steps"};

std::unordered_map<std::string_view, size_t> WeightsByName(
    const Layout& layout) {
  std::unordered_map<std::string_view, size_t> weights;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role == Role::kWeight) weights.emplace(variable.name, i);
  }
  return weights;
}

class LayoutBuilder {
 public:
  LayoutBuilder(const TorchObject& object, const TorchStorages& storages,
                const ReadOptions& options)
      : object_(object),
        storages_(storages),
        tree_(*object.root, object.bytes, object.decode),
        parts_(FindTorchParts(tree_, options.subtree)),
        only_subtree_(!options.subtree.empty()) {}

  Layout Build();
  Layout BuildBeside(const Layout& model);

 private:
  void AddVariables();
  void AddVariable(uint32_t node);
  bool IsUserStep(uint32_t node, const TorchPart& part) const;
  void Name(const TorchPart& part, uint32_t node, Variable* variable) const;
  void Place(const TorchTensor& tensor, Variable* variable);
  void Tie(uint32_t node, const TorchTensor& tensor, Variable* variable);
  void TieAverages();
  std::vector<TorchParameters> Models() const;
  void AddOptimizers();
  void AddOptimizer(const TorchOptimizer& optimizer,
                    const std::vector<std::vector<TorchOwner>>& owners);
  std::string NewId(const std::string& word);
  void AddFlatOptimizer(uint32_t node);
  std::optional<int64_t> UserStep() const;
  std::optional<int64_t> OptimizerStep();
  void Damage(std::string_view rule, const Variable& variable,
              std::string message);
  void SumUpDamage();

  const TorchObject& object_;
  const TorchStorages& storages_;
  TorchTree tree_;
  TorchParts parts_;
  bool only_subtree_;
  Layout layout_;
  size_t beside_ = 0;  // variables of the model that the file stands beside
  std::vector<uint32_t> variable_of_;  // node → index in layout_.variables
  std::unordered_set<std::string> keys_;
  std::unordered_map<std::string, std::string> first_at_;  // place → name
  std::map<std::string, int> ids_;
  std::map<std::string_view, size_t> damages_;
  std::vector<std::string> holes_;
  std::vector<TorchOptimizer> optimizers_;
};

void LayoutBuilder::Damage(std::string_view rule, const Variable& variable,
                           std::string message) {
  if (++damages_[rule] > kIssuesShown) return;
  layout_.issues.push_back(
      {std::string(rule), variable.Identity(), std::move(message)});
}

void LayoutBuilder::SumUpDamage() {
  for (const auto& [rule, count] : damages_) {
    if (count <= kIssuesShown) continue;
    layout_.issues.push_back(
        {std::string(rule),
         {},
         fmt::format("the same of {}",
                     Count(count - kIssuesShown, "further tensor"))});
  }
  if (holes_.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(3, holes_.size()); ++i) {
    names += (i > 0 ? ", " : "") + Printable(holes_[i]);
  }
  if (holes_.size() > 3)
    names += fmt::format(" and {} more", holes_.size() - 3);
  layout_.issues.push_back(
      {"unwritten-data",
       {},
       fmt::format("{} never written (torch.serialization.skip_data): "
                   "the file has zeros instead of values for {}",
                   holes_.size() == 1
                       ? "1 tensor was"
                       : Count(holes_.size(), "tensor") + " were",
                   names)});
}

// Where the bytes are, and whether they can be.
void LayoutBuilder::Place(const TorchTensor& tensor, Variable* variable) {
  if (tensor.local_shape) {
    Damage("missing-shard", *variable,
           fmt::format("a DTensor of {} saved without gathering: this file "
                       "holds one rank's part {}",
                       ToString(tensor.shape), ToString(*tensor.local_shape)));
  }
  if (!tensor.storage || tensor.end == 0) return;
  std::optional<TorchRecord> record = storages_.Find(tensor.storage->key);
  if (!record) {
    Damage("truncated-data", *variable,
           fmt::format("its storage {} is not in the file",
                       Printable(tensor.storage->key)));
    return;
  }
  uint64_t there = std::min(record->size, tensor.storage->bytes);
  if (tensor.end > there) {
    Damage("truncated-data", *variable,
           fmt::format("reaches byte {} of storage {}, which has {}",
                       tensor.end, Printable(tensor.storage->key), there));
    return;
  }
  if (!record->is_written) holes_.push_back(variable->name);
  if (tensor.is_contiguous && record->is_plain && tensor.bytes) {
    variable->data = ByteRange{record->file_name,
                               record->offset + tensor.offset, *tensor.bytes};
  }
}

// Equal place in one storage, or one object named twice.
void LayoutBuilder::Tie(uint32_t node, const TorchTensor& tensor,
                        Variable* variable) {
  std::string place;
  if (tensor.storage && tensor.end > 0) {
    place = fmt::format("{}\n{} {} {}", tensor.storage->key, tensor.offset,
                        tensor.dtype, ToString(tensor.shape));
    for (int64_t stride : tensor.strides) place += fmt::format(" {}", stride);
  } else if (!tensor.storage) {
    place =
        fmt::format("@{}", static_cast<const void*>(tree_.node(node).value));
  } else {
    return;
  }
  auto [first, is_new] = first_at_.try_emplace(place, variable->name);
  if (!is_new && first->second != variable->name) {
    variable->tied_to = first->second;
  }
}

void LayoutBuilder::Name(const TorchPart& part, uint32_t node,
                         Variable* variable) const {
  variable->key = tree_.Path(node, '/');
  bool is_model = part.kind == PartKind::kModel;
  variable->name = is_model ? tree_.PathBelow(parts_.names_from, node, '.')
                            : tree_.Path(node, '.');
  // torch.save(tensor): nobody gave it a name.
  if (variable->name.empty()) variable->name = "tensor";
  if (variable->key.empty()) variable->key = variable->name;
}

// A tensor at the root that counts the steps of the training loop.
bool LayoutBuilder::IsUserStep(uint32_t index, const TorchPart& part) const {
  const TorchNode& node = tree_.node(index);
  return part.kind == PartKind::kOther && node.parent == 0 &&
         tree_.tensor(node).shape.Elements() == 1 &&
         std::find(kStepNames.begin(), kStepNames.end(), node.name) !=
             kStepNames.end();
}

void LayoutBuilder::AddVariable(uint32_t index) {
  const TorchNode& node = tree_.node(index);
  const TorchPart& part = parts_.parts[parts_.part_of[index]];
  const TorchTensor& tensor = tree_.tensor(node);
  bool is_model = part.kind == PartKind::kModel;
  if (part.kind == PartKind::kHidden) return;
  if (only_subtree_ &&
      (part.kind == PartKind::kOther || part.kind == PartKind::kAverage)) {
    return;
  }
  Variable variable;
  Name(part, index, &variable);
  variable.shape = tensor.shape;
  variable.dtype = tensor.dtype;
  variable.bytes = tensor.bytes;
  variable.role = is_model                          ? Role::kWeight
                  : part.kind == PartKind::kAverage ? Role::kAverage
                  : part.kind == PartKind::kOther   ? Role::kBookkeeping
                                                    : Role::kOptimizer;
  if (IsUserStep(index, part)) variable.role = Role::kStep;
  if (is_model && node.is_transient) variable.role = Role::kBookkeeping;
  if (!keys_.insert(variable.key).second) {
    Damage("duplicate-variable", variable, "its key stands twice in the file");
    return;
  }
  if (variable.role == Role::kWeight) {
    if (tensor.is_parameter) {
      variable.trainable =
          *tensor.is_parameter && tensor.requires_grad.value_or(true);
    } else if (IsTorchBuffer(variable)) {
      variable.trainable = false;
    }
    Tie(index, tensor, &variable);
  }
  Place(tensor, &variable);
  variable_of_[index] = static_cast<uint32_t>(layout_.variables.size());
  layout_.variables.push_back(std::move(variable));
}

void LayoutBuilder::AddVariables() {
  variable_of_.assign(tree_.nodes().size(), TorchNode::kNone);
  size_t expected = layout_.variables.size() + tree_.node(0).tensors_below;
  layout_.variables.reserve(expected);
  keys_.reserve(expected);
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    if (tree_.node(i).kind == NodeKind::kTensor) AddVariable(i);
  }
}

// An average of `ema/fc1.weight` (AveragedModel: `module.fc1.weight`) belongs
// to the variable of that name.
void LayoutBuilder::TieAverages() {
  std::unordered_map<std::string_view, size_t> weights = WeightsByName(layout_);
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    const TorchPart& part = parts_.parts[parts_.part_of[i]];
    if (part.kind != PartKind::kAverage ||
        variable_of_[i] == TorchNode::kNone) {
      continue;
    }
    Variable& variable = layout_.variables[variable_of_[i]];
    std::string name = tree_.PathBelow(part.node, i, '.');
    if (name == "n_averaged") {
      variable.role = Role::kBookkeeping;
      continue;
    }
    auto owner = weights.find(name);
    for (std::string_view wrapper : {"module.", "shadow.", "model."}) {
      if (owner != weights.end() || !name.starts_with(wrapper)) continue;
      owner = weights.find(std::string_view(name).substr(wrapper.size()));
    }
    Slot slot{.slot = "average"};
    if (owner != weights.end() &&
        layout_.variables[owner->second].shape.Agrees(variable.shape)) {
      slot.owner = layout_.variables[owner->second].name;
      slot.owner_key = layout_.variables[owner->second].key;
    }
    variable.slot = std::move(slot);
  }
}

std::vector<TorchParameters> LayoutBuilder::Models() const {
  std::vector<TorchParameters> models;
  if (beside_ > 0) {
    TorchParameters& model = models.emplace_back();
    model.is_in_order = layout_.source.format != "safetensors";
    for (size_t i = 0; i < beside_; ++i) {
      const Variable& variable = layout_.variables[i];
      bool is_parameter = variable.role == Role::kWeight &&
                          variable.tied_to.empty() && !IsTorchBuffer(variable);
      if (is_parameter) model.variables.push_back(i);
    }
  }
  std::unordered_map<uint32_t, size_t> model_of;  // part → index in models
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    uint32_t part = parts_.part_of[i];
    if (parts_.parts[part].kind != PartKind::kModel ||
        variable_of_[i] == TorchNode::kNone) {
      continue;
    }
    auto [place, is_new] = model_of.try_emplace(part, models.size());
    if (is_new) {
      models.push_back({tree_.node(parts_.parts[part].node).name, {}});
    }
    const Variable& variable = layout_.variables[variable_of_[i]];
    bool is_parameter = variable.role == Role::kWeight &&
                        variable.tied_to.empty() && !IsTorchBuffer(variable) &&
                        tree_.tensor(tree_.node(i)).is_parameter.value_or(true);
    if (is_parameter)
      models[place->second].variables.push_back(variable_of_[i]);
  }
  return models;
}

std::string LayoutBuilder::NewId(const std::string& word) {
  int nth = ++ids_[word];
  return nth == 1 ? word : fmt::format("{}#{}", word, nth);
}

void LayoutBuilder::AddOptimizer(
    const TorchOptimizer& optimizer,
    const std::vector<std::vector<TorchOwner>>& owners) {
  Optimizer entry;
  entry.id = NewId(optimizer.word);
  entry.class_name = optimizer.class_name;
  entry.settings = optimizer.settings;
  // LBFGS keeps one state for all parameters, under the first of them.
  bool is_shared = optimizer.class_name == "LBFGS";
  for (size_t g = 0; g < optimizer.groups.size() && !is_shared; ++g) {
    for (size_t i = 0; i < optimizer.groups[g].size(); ++i) {
      uint32_t state = optimizer.groups[g][i].node;
      if (state == TorchNode::kNone) continue;
      ForEachChild(tree_, state, [&](uint32_t slot) {
        if (variable_of_[slot] == TorchNode::kNone) return;
        SetTorchSlot(tree_.node(slot).name, owners[g][i], variable_of_[slot],
                     &entry, &layout_);
      });
    }
  }
  layout_.optimizers.push_back(std::move(entry));
}

// "state.fc1.weight.exp_avg": the last word is the slot, the rest the owner.
void LayoutBuilder::AddFlatOptimizer(uint32_t node) {
  constexpr std::string_view kState = "state.";
  const PickleValue& dict = *tree_.node(node).value;
  std::set<std::string, std::less<>> group_keys, slots;
  bool is_decoupled = false;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    std::string_view key = dict.items[i]->text;
    std::string_view word = key.substr(key.rfind('.') + 1);
    bool is_state = key.starts_with(kState);
    if (is_state || group_keys.size() < kIssuesShown * 2) {
      (is_state && slots.size() < kIssuesShown ? slots : group_keys)
          .emplace(word);
    }
    if (word == "decoupled_weight_decay") {
      is_decoupled = AsInt(dict.items[i + 1]).value_or(0) != 0;
    }
  }
  Optimizer entry;
  entry.class_name = TorchOptimizerClass(group_keys, slots, is_decoupled);
  entry.id = NewId(TorchOptimizerWord(entry.class_name, group_keys));
  std::unordered_map<std::string_view, size_t> weights = WeightsByName(layout_);
  ForEachChild(tree_, node, [&](uint32_t child) {
    std::string_view key = tree_.node(child).name;
    if (variable_of_[child] == TorchNode::kNone || !key.starts_with(kState)) {
      return;
    }
    size_t dot = key.rfind('.');
    if (dot < kState.size()) return;
    TorchOwner owner;
    owner.name = key.substr(kState.size(), dot - kState.size());
    auto found = weights.find(owner.name);
    if (found != weights.end()) owner.variable = found->second;
    SetTorchSlot(key.substr(dot + 1), owner, variable_of_[child], &entry,
                 &layout_);
  });
  layout_.optimizers.push_back(std::move(entry));
}

void LayoutBuilder::AddOptimizers() {
  for (const TorchPart& part : parts_.parts) {
    if (part.kind == PartKind::kOptimizer) {
      optimizers_.push_back(ReadTorchOptimizer(tree_, part.node));
    }
  }
  std::vector<TorchParameters> models = Models();
  auto owners = FindTorchOwners(tree_, layout_, models, optimizers_);
  for (size_t o = 0; o < optimizers_.size(); ++o) {
    AddOptimizer(optimizers_[o], owners[o]);
  }
  for (const TorchPart& part : parts_.parts) {
    if (part.kind == PartKind::kFlatOptimizer) AddFlatOptimizer(part.node);
  }
}

std::optional<int64_t> LayoutBuilder::UserStep() const {
  const PickleValue& root = *object_.root;
  // OpenMMLab keeps it in `meta`.
  for (const PickleValue* where : {&root, Find(root, "meta")}) {
    if (where == nullptr || !where->is_mapping) continue;
    for (std::string_view name : kStepNames) {
      const PickleValue* value = Find(*where, name);
      if (value == nullptr) continue;
      if (std::optional<int64_t> step = AsInt(value)) return step;
      std::optional<TorchTensor> tensor = object_.decode(*value, name);
      if (!tensor) continue;
      std::optional<double> number = ReadScalar(*tensor, storages_);
      if (number && *number >= 0 && *number < 1e15) {
        return static_cast<int64_t>(*number);
      }
    }
  }
  return std::nullopt;
}

// The largest step of the only optimizer.
std::optional<int64_t> LayoutBuilder::OptimizerStep() {
  if (layout_.optimizers.size() != 1) return std::nullopt;
  std::optional<int64_t> largest;
  if (!optimizers_.empty()) largest = optimizers_[0].step;
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    if (variable_of_[i] == TorchNode::kNone) continue;
    const Variable& variable = layout_.variables[variable_of_[i]];
    if (!variable.slot || variable.slot->slot != "step") continue;
    std::optional<double> step =
        ReadScalar(tree_.tensor(tree_.node(i)), storages_);
    if (!step || !(*step >= 0) || *step > 1e15) continue;
    int64_t number = static_cast<int64_t>(*step);
    if (number >= largest.value_or(0)) largest = number;
  }
  return largest;
}

Layout LayoutBuilder::Build() {
  layout_.source.framework = "pytorch";
  layout_.source.writer = "PyTorch";
  const PickleValue* lightning =
      Find(*object_.root, "pytorch-lightning_version");
  if (lightning != nullptr && lightning->is_text()) {
    layout_.source.writer = "Lightning " + std::string(lightning->text);
  }
  AddVariables();
  TieAverages();
  AddOptimizers();
  layout_.source.step = UserStep();
  if (!layout_.source.step) layout_.source.step = OptimizerStep();
  ListUnknownGlobals(object_.globals, &layout_);
  SumUpDamage();
  return std::move(layout_);
}

// The model's variables stand first while owners are looked for.
Layout LayoutBuilder::BuildBeside(const Layout& model) {
  layout_.source.format = model.source.format;
  layout_.variables = model.variables;
  beside_ = model.variables.size();
  for (const Optimizer& optimizer : model.optimizers) {
    ++ids_[optimizer.id.substr(0, optimizer.id.find('#'))];
  }
  AddVariables();
  AddOptimizers();
  layout_.source.step = OptimizerStep();
  SumUpDamage();
  layout_.variables.erase(
      layout_.variables.begin(),
      layout_.variables.begin() + static_cast<std::ptrdiff_t>(beside_));
  return std::move(layout_);
}

}  // namespace

Layout BuildTorchSidecar(const TorchObject& object,
                         const TorchStorages& storages, const Layout& model) {
  return LayoutBuilder(object, storages, {}).BuildBeside(model);
}

Layout BuildTorchLayout(const TorchObject& object,
                        const TorchStorages& storages,
                        const ReadOptions& options) {
  return LayoutBuilder(object, storages, options).Build();
}

}  // namespace ckptdiff
