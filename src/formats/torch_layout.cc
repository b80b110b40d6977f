#include "formats/torch_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/name_index.h"
#include "base/text.h"
#include "formats/torch_averages.h"
#include "formats/torch_damage.h"
#include "formats/torch_globals.h"
#include "formats/torch_models.h"
#include "formats/torch_owners.h"
#include "formats/torch_state.h"

namespace ckptdiff {
namespace {

using PartKind = TorchPart::Kind;
using NodeKind = TorchNode::Kind;

// Where a training loop keeps its step, best first.
constexpr std::array<std::string_view, 10> kStepNames = {
    "global_step", "global_steps", "step",   "iteration",   "iter",
    "num_updates", "iter_num",     "n_iter", "global_iter", "total_steps"};

class LayoutBuilder {
 public:
  LayoutBuilder(const TorchObject& object, const TorchStorages& storages,
                const ReadOptions& options)
      : object_(object),
        storages_(storages),
        tree_(*object.root, object.bytes, object.decode),
        parts_(FindTorchParts(tree_, options.subtree)),
        only_subtree_(!options.subtree.empty()),
        has_model_(std::any_of(parts_.parts.begin(), parts_.parts.end(),
                               [](const TorchPart& part) {
                                 return part.kind == PartKind::kModel;
                               })),
        listing_{tree_, parts_, storages} {}
  LayoutBuilder(const LayoutBuilder&) = delete;
  LayoutBuilder& operator=(const LayoutBuilder&) = delete;

  Layout Build();
  Layout BuildBeside(const Layout& model);

 private:
  void AddVariables();
  void AddVariable(uint32_t node);
  bool IsMember(uint32_t node) const;
  bool IsUserStep(uint32_t node, const TorchPart& part) const;
  void Name(const TorchPart& part, uint32_t node, Variable* variable) const;
  void Place(const TorchTensor& tensor, Variable* variable);
  void Tie(uint32_t node, const TorchTensor& tensor, Variable* variable);
  std::optional<int64_t> UserStep() const;

  const TorchObject& object_;
  const TorchStorages& storages_;
  TorchTree tree_;
  TorchParts parts_;
  bool only_subtree_;
  bool has_model_;
  TorchListing listing_;
  Layout& layout_ = listing_.layout;
  std::vector<uint32_t>& variable_of_ = listing_.variable_of;
  NameIndex keys_;  // of what is listed, where it stands
  NameIndex storages_seen_;
  std::vector<uint32_t> first_in_;  // of each the node that stands first in it
  std::unordered_map<std::string, std::string> first_at_;  // place → name
  TorchDamage damage_;
};

// Where the bytes are, and whether they can be.
void LayoutBuilder::Place(const TorchTensor& tensor, Variable* variable) {
  if (tensor.local_shape) {
    damage_.Add(
        "missing-shard", *variable,
        fmt::format("a DTensor of {} saved without gathering: this file "
                    "holds one rank's part {}",
                    ToString(tensor.shape), ToString(*tensor.local_shape)));
  }
  if (!tensor.storage || tensor.end == 0) return;
  std::optional<TorchRecord> record = storages_.Find(tensor.storage->key);
  if (!record) {
    damage_.Add("truncated-data", *variable,
                fmt::format("its storage {} is not in the file",
                            Printable(tensor.storage->key)));
    return;
  }
  uint64_t there = std::min(record->size, tensor.storage->bytes);
  if (tensor.end > there) {
    damage_.Add("truncated-data", *variable,
                fmt::format("reaches byte {} of storage {}, which has {}",
                            tensor.end, Printable(tensor.storage->key), there));
    return;
  }
  if (!record->is_written) damage_.AddHole(variable->name);
  if (tensor.is_contiguous && record->is_plain && tensor.bytes) {
    variable->data = ByteRange{record->file_name,
                               record->offset + tensor.offset, *tensor.bytes};
  }
}

// A place in a storage, spelled out.
std::string PlaceOf(const TorchTensor& tensor) {
  std::string place =
      fmt::format("{}\n{} {} {}", tensor.storage->key, tensor.offset,
                  tensor.dtype, ToString(tensor.shape));
  for (int64_t stride : tensor.strides) place += fmt::format(" {}", stride);
  return place;
}

// Equal place in one storage, or one object named twice. Most storages are one
// tensor's alone: places are compared from the second one on.
void LayoutBuilder::Tie(uint32_t node, const TorchTensor& tensor,
                        Variable* variable) {
  std::string place;
  if (tensor.storage && tensor.end > 0) {
    size_t seen = storages_seen_.Insert(tensor.storage->key);
    if (seen == NameIndex::kNone) {
      first_in_.push_back(node);
      return;
    }
    uint32_t other = first_in_[seen];
    first_at_.try_emplace(PlaceOf(tree_.tensor(tree_.node(other))),
                          layout_.variables[variable_of_[other]].name);
    place = PlaceOf(tensor);
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

// A parameter that a live optimizer has in a group: the model's own, listed
// there.
bool LayoutBuilder::IsMember(uint32_t index) const {
  const uint32_t list = tree_.node(index).parent;
  return list != TorchNode::kNone && tree_.node(list).name == "params" &&
         tree_.node(list).kind == NodeKind::kSequence;
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
  if (part.kind == PartKind::kOptimizer && has_model_ && IsMember(index)) {
    return;
  }
  if (only_subtree_ &&
      (part.kind == PartKind::kOther || part.kind == PartKind::kAverage)) {
    return;
  }
  Variable& variable = layout_.variables.emplace_back();
  Name(part, index, &variable);
  variable.shape = tensor.shape;
  variable.dtype = tensor.dtype;
  variable.bytes = tensor.bytes;
  variable.role = is_model                          ? Role::kWeight
                  : part.kind == PartKind::kAverage ? Role::kAverage
                  : part.kind == PartKind::kOther   ? Role::kBookkeeping
                                                    : Role::kOptimizer;
  if (index == 0) variable.role = Role::kWeight;  // torch.save(tensor)
  if (IsUserStep(index, part)) variable.role = Role::kStep;
  if (is_model && node.is_transient) variable.role = Role::kBookkeeping;
  if (keys_.Insert(variable.key) != NameIndex::kNone) {
    damage_.Add("duplicate-variable", variable,
                "its key stands twice in the file");
    layout_.variables.pop_back();
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
  variable_of_[index] = static_cast<uint32_t>(layout_.variables.size() - 1);
}

void LayoutBuilder::AddVariables() {
  variable_of_.assign(tree_.nodes().size(), TorchNode::kNone);
  size_t expected = layout_.variables.size() + tree_.node(0).tensors_below;
  layout_.variables.reserve(expected);  // keys_ holds views of what is there
  keys_.Reserve(expected);
  storages_seen_.Reserve(expected);
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    if (tree_.node(i).kind == NodeKind::kTensor) AddVariable(i);
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

Layout LayoutBuilder::Build() {
  layout_.source.framework = "pytorch";
  layout_.source.writer = "PyTorch";
  const PickleValue* lightning =
      Find(*object_.root, "pytorch-lightning_version");
  if (lightning != nullptr && lightning->is_text()) {
    layout_.source.writer = "Lightning " + std::string(lightning->text);
  }
  AddVariables();
  TieTorchAverages(&listing_);
  std::optional<int64_t> optimizer_step = AddTorchOptimizers(&listing_);
  layout_.source.step = UserStep();
  if (!layout_.source.step) layout_.source.step = optimizer_step;
  ListUnknownGlobals(object_.globals, &layout_);
  damage_.List(&layout_.issues);
  return std::move(layout_);
}

// The model's variables stand first while owners are looked for.
Layout LayoutBuilder::BuildBeside(const Layout& model) {
  layout_.source.format = model.source.format;
  layout_.variables = model.variables;
  listing_.beside = model.variables.size();
  for (const Optimizer& optimizer : model.optimizers) {
    ++listing_.ids[optimizer.id.substr(0, optimizer.id.find('#'))];
  }
  AddVariables();
  layout_.source.step = AddTorchOptimizers(&listing_);
  damage_.List(&layout_.issues);
  layout_.variables.erase(
      layout_.variables.begin(),
      layout_.variables.begin() + static_cast<std::ptrdiff_t>(listing_.beside));
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
