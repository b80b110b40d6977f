#include "formats/torch_state.h"

#include <fmt/format.h>

#include <functional>
#include <set>
#include <utility>

#include "base/name_parts.h"
#include "formats/torch_names.h"
#include "formats/torch_optimizer.h"
#include "formats/torch_optimizer_class.h"
#include "formats/torch_owners.h"

namespace ckptdiff {
namespace {

using PartKind = TorchPart::Kind;

constexpr size_t kMaxWords = 64;

// A storage's key and the offset in it.
using Place = std::pair<std::string_view, uint64_t>;

class StateReader {
 public:
  explicit StateReader(TorchListing* listing)
      : listing_(*listing),
        tree_(listing->tree),
        parts_(listing->parts.parts) {}

  void AddOptimizers();
  std::optional<int64_t> OptimizerStep() const;

 private:
  std::vector<TorchParameters> Models() const;
  void AddOptimizer(const TorchOptimizer& optimizer,
                    const std::vector<std::vector<TorchOwner>>& owners);
  std::optional<Place> PlaceOf(uint32_t node) const;
  std::map<Place, std::string_view> WeightsByPlace() const;
  void NameParameters();
  std::string NewId(const std::string& word);
  void AddFlatOptimizer(uint32_t node);

  TorchListing& listing_;
  const TorchTree& tree_;
  const std::vector<TorchPart>& parts_;
  std::vector<TorchOptimizer> optimizers_;
};

std::vector<TorchParameters> StateReader::Models() const {
  std::vector<TorchParameters> models;
  if (listing_.beside > 0) {
    TorchParameters& model = models.emplace_back();
    model.is_in_order = listing_.layout.source.format != "safetensors";
    for (size_t i = 0; i < listing_.beside; ++i) {
      const Variable& variable = listing_.layout.variables[i];
      if (IsTorchParameter(variable)) model.variables.push_back(i);
    }
  }
  std::unordered_map<uint32_t, size_t> model_of;  // part → index in models
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    uint32_t part = listing_.parts.part_of[i];
    if (parts_[part].kind != PartKind::kModel ||
        listing_.variable_of[i] == TorchNode::kNone) {
      continue;
    }
    auto [place, is_new] = model_of.try_emplace(part, models.size());
    if (is_new) {
      models.push_back({tree_.node(parts_[part].node).name, {}});
    }
    const Variable& variable =
        listing_.layout.variables[listing_.variable_of[i]];
    bool is_parameter = IsTorchParameter(variable) &&
                        tree_.tensor(tree_.node(i)).is_parameter.value_or(true);
    if (is_parameter) {
      models[place->second].variables.push_back(listing_.variable_of[i]);
    }
  }
  return models;
}

// Where a tensor begins.
std::optional<Place> StateReader::PlaceOf(uint32_t node) const {
  if (tree_.node(node).tensor == TorchNode::kNone) return std::nullopt;
  const TorchTensor& tensor = tree_.tensor(tree_.node(node));
  if (!tensor.storage) return std::nullopt;
  return Place(tensor.storage->key, tensor.offset);
}

std::map<Place, std::string_view> StateReader::WeightsByPlace() const {
  std::map<Place, std::string_view> names;
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    if (listing_.variable_of[i] == TorchNode::kNone) continue;
    const Variable& variable =
        listing_.layout.variables[listing_.variable_of[i]];
    std::optional<Place> place = PlaceOf(i);
    if (place && variable.role == Role::kWeight) {
      names.emplace(*place, variable.name);
    }
  }
  return names;
}

// The parameters of a live optimizer are those of the model: they lie at the
// same place.
void StateReader::NameParameters() {
  std::optional<std::map<Place, std::string_view>> names;
  for (TorchOptimizer& optimizer : optimizers_) {
    for (std::vector<TorchMember>& group : optimizer.groups) {
      for (TorchMember& member : group) {
        if (member.parameter == TorchNode::kNone) continue;
        if (!names) names = WeightsByPlace();
        std::optional<Place> place = PlaceOf(member.parameter);
        auto found = place ? names->find(*place) : names->end();
        if (found != names->end()) member.name = found->second;
      }
    }
  }
}

std::string StateReader::NewId(const std::string& word) {
  int nth = ++listing_.ids[word];
  return nth == 1 ? word : fmt::format("{}#{}", word, nth);
}

void StateReader::AddOptimizer(
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
        if (listing_.variable_of[slot] == TorchNode::kNone) return;
        SetTorchSlot(tree_.node(slot).name, owners[g][i],
                     listing_.variable_of[slot], &entry, &listing_.layout);
      });
    }
  }
  listing_.layout.optimizers.push_back(std::move(entry));
}

// "state.fc1.weight.exp_avg": the last word is the slot, the rest the owner.
void StateReader::AddFlatOptimizer(uint32_t node) {
  constexpr std::string_view kState = "state.";
  const PickleValue& dict = *tree_.node(node).value;
  std::set<std::string, std::less<>> group_keys, slots;
  bool is_decoupled = false;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    std::string_view key = dict.items[i]->text;
    std::string_view word = LastPart(key, ".");
    std::set<std::string, std::less<>>& words =
        key.starts_with(kState) ? slots : group_keys;
    if (words.size() < kMaxWords) words.emplace(word);
    if (word == "decoupled_weight_decay") {
      is_decoupled = AsInt(dict.items[i + 1]).value_or(0) != 0;
    }
  }
  Optimizer entry;
  entry.class_name = TorchOptimizerClass(group_keys, slots, is_decoupled);
  entry.id = NewId(TorchOptimizerWord(entry.class_name, group_keys));
  std::vector<uint32_t> states;
  std::vector<std::string_view> names;
  ForEachChild(tree_, node, [&](uint32_t child) {
    std::string_view key = tree_.node(child).name;
    size_t dot = key.rfind('.');
    if (listing_.variable_of[child] == TorchNode::kNone ||
        !key.starts_with(kState) || dot < kState.size()) {
      return;
    }
    states.push_back(child);
    names.push_back(key.substr(kState.size(), dot - kState.size()));
  });
  std::optional<std::vector<size_t>> owners =
      TorchNames(listing_.layout).Find(names);
  for (size_t i = 0; i < states.size(); ++i) {
    std::string_view key = tree_.node(states[i]).name;
    TorchOwner owner{owners ? (*owners)[i] : TorchOwner::kUnknown, names[i]};
    SetTorchSlot(LastPart(key, "."), owner, listing_.variable_of[states[i]],
                 &entry, &listing_.layout);
  }
  listing_.layout.optimizers.push_back(std::move(entry));
}

void StateReader::AddOptimizers() {
  for (const TorchPart& part : parts_) {
    if (part.kind == PartKind::kOptimizer) {
      optimizers_.push_back(ReadTorchOptimizer(tree_, part.node));
    }
  }
  NameParameters();
  std::vector<TorchParameters> models = Models();
  auto owners = FindTorchOwners(tree_, listing_.layout, models, optimizers_);
  for (size_t o = 0; o < optimizers_.size(); ++o) {
    AddOptimizer(optimizers_[o], owners[o]);
  }
  for (const TorchPart& part : parts_) {
    if (part.kind == PartKind::kFlatOptimizer) AddFlatOptimizer(part.node);
  }
}

// The largest step of the only optimizer.
std::optional<int64_t> StateReader::OptimizerStep() const {
  if (listing_.layout.optimizers.size() != 1) return std::nullopt;
  std::optional<int64_t> largest;
  if (!optimizers_.empty()) largest = optimizers_[0].step;
  for (uint32_t i = 0; i < tree_.nodes().size(); ++i) {
    if (listing_.variable_of[i] == TorchNode::kNone) continue;
    const Variable& variable =
        listing_.layout.variables[listing_.variable_of[i]];
    if (!variable.slot || variable.slot->slot != "step") continue;
    std::optional<double> step =
        ReadScalar(tree_.tensor(tree_.node(i)), listing_.storages);
    if (!step || !(*step >= 0) || *step > 1e15) continue;
    int64_t number = static_cast<int64_t>(*step);
    if (number >= largest.value_or(0)) largest = number;
  }
  return largest;
}

}  // namespace

std::optional<int64_t> AddTorchOptimizers(TorchListing* listing) {
  StateReader reader(listing);
  reader.AddOptimizers();
  return reader.OptimizerStep();
}

std::unordered_map<std::string_view, size_t> TorchWeightsByName(
    const Layout& layout) {
  std::unordered_map<std::string_view, size_t> weights;
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role == Role::kWeight) weights.emplace(variable.name, i);
  }
  return weights;
}

}  // namespace ckptdiff
