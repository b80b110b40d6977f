// How the model is found: a dict that holds tensors is a candidate, and so is
// a module. Names come before sizes (an average is as large as the model):
// `callbacks` hold no model, `ema` holds an average, random states and losses
// are no variables even where they stand beside some. One file: each rule
// makes sense only beside the others.

#include "formats/torch_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <span>

#include "base/ascii.h"
#include "base/parse_error.h"
#include "base/text.h"

namespace ckptdiff {
namespace {

using NodeKind = TorchNode::Kind;
using PartKind = TorchPart::Kind;
using Word = std::string_view;

constexpr uint32_t kNone = TorchNode::kNone;

// Names under which people put the model itself.
constexpr std::array<Word, 13> kWrapperNames = {
    "state_dict", "model_state_dict", "model_state", "model",
    "net",        "network",          "weights",     "params",
    "module",     "model_dict",       "net_dict",    "current_model_state",
    "_module"};
constexpr std::array<Word, 8> kAverageWords = {
    "ema", "swa", "average", "averaged", "averages", "shadow", "polyak", "avg"};
constexpr std::array<Word, 18> kOtherWords = {
    "rng",    "random", "loss",    "losses",  "scheduler", "schedulers",
    "scaler", "loops",  "hparams", "hyper",   "args",      "cfg",
    "config", "metric", "metrics", "history", "epoch",     "seed"};
constexpr std::array<Word, 6> kOptimizerWords = {
    "optimizer", "optimizers", "optim", "opt", "optimizerstate", "optims"};

bool IsOneOf(Word word, std::span<const Word> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool HasDot(Word name) { return name.find('.') != Word::npos; }

// Whether a word of the name ("state_dict_ema", "EMA.params") is one of them.
bool HasWord(Word name, std::span<const Word> words) {
  if (name.size() > 256) return false;
  std::string word;
  auto ends = [&] {
    bool found = IsOneOf(word, words);
    word.clear();
    return found;
  };
  for (char c : name) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte)) {
      word += Lower(c);
    } else if (ends()) {
      return true;
    }
  }
  return ends();
}

// The keys of get_optimizer_state_dict, flattened: "state.fc1.weight.exp_avg".
bool IsFlatOptimizer(const PickleValue& value) {
  bool has_groups = false;
  if (!value.is_mapping) return false;
  for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
    Word key = value.items[i]->text;
    if (key.starts_with("param_groups."))
      has_groups = true;
    else if (!key.starts_with("state."))
      return false;
  }
  return has_groups;
}

class Finder {
 public:
  explicit Finder(const TorchTree& tree) : tree_(tree) {
    found_.parts.push_back({PartKind::kOther, 0});
  }

  TorchParts Find();
  TorchParts Choose(const std::string& subtree);

 private:
  void Look(uint32_t node, bool in_average);
  void LookBelow(uint32_t node, bool in_average);
  void LookAtDict(uint32_t node, bool in_average);
  void LookForOptimizers(uint32_t node);
  void Hide(uint32_t callbacks);
  void Add(PartKind kind, uint32_t node) {
    found_.parts.push_back({kind, node});
  }
  bool IsPlainTensor(uint32_t node) const;
  void SwapLightningAverage();
  void SettleModels();
  bool HasParameterNames(uint32_t node) const;
  std::set<std::string> Names(uint32_t node) const;
  void Spread();

  const TorchTree& tree_;
  TorchParts found_;
};

// A tensor that can be a variable: not a loss, not a statistic of NumPy.
bool Finder::IsPlainTensor(uint32_t index) const {
  const TorchNode& node = tree_.node(index);
  if (node.kind != NodeKind::kTensor) return false;
  if (HasDot(node.name) || node.name == "weight" || node.name == "bias") {
    return true;
  }
  return !tree_.tensor(node).is_numpy && !HasWord(node.name, kOtherWords);
}

void Finder::LookBelow(uint32_t node, bool in_average) {
  ForEachChild(tree_, node, [&](uint32_t child) { Look(child, in_average); });
}

// Lightning's callbacks: of interest is only an average, of its own
// StochasticWeightAveraging or of somebody's EMA.
void Finder::Hide(uint32_t callbacks) {
  Add(PartKind::kHidden, callbacks);
  ForEachChild(tree_, callbacks, [&](uint32_t callback) {
    ForEachChild(tree_, callback, [&](uint32_t state) {
      const TorchNode& node = tree_.node(state);
      bool is_average = node.kind == NodeKind::kMapping &&
                        node.tensors_below > 0 &&
                        HasWord(node.name, kAverageWords);
      if (is_average) Add(PartKind::kAverage, state);
    });
  });
}

// A dict: a bundle where a child is an optimizer or stands under one of the
// names for a model, else a state_dict where it holds tensors itself.
void Finder::LookAtDict(uint32_t node, bool in_average) {
  bool has_tensors = false;
  bool is_bundle = false;
  ForEachChild(tree_, node, [&](uint32_t index) {
    const TorchNode& child = tree_.node(index);
    if (IsPlainTensor(index)) has_tensors = true;
    if (child.kind == NodeKind::kTensor || child.tensors_below == 0) return;
    if (child.kind == NodeKind::kOptimizer || child.kind == NodeKind::kModule ||
        IsOneOf(child.name, kWrapperNames) || child.name == "callbacks" ||
        HasWord(child.name, kOptimizerWords)) {
      is_bundle = true;
    }
  });
  if (has_tensors && !is_bundle) {
    Add(in_average ? PartKind::kAverage : PartKind::kModel, node);
    // What it holds beside variables stays outside.
    ForEachChild(tree_, node, [&](uint32_t child) {
      Word name = tree_.node(child).name;
      bool is_other = (!HasDot(name) && HasWord(name, kOtherWords)) ||
                      name.ends_with("_extra_state");
      if (is_other) {
        Add(PartKind::kOther, child);
      }
    });
    return;
  }
  LookBelow(node, in_average);
}

void Finder::LookForOptimizers(uint32_t node) {
  ForEachChild(tree_, node, [&](uint32_t child) {
    if (tree_.node(child).kind == NodeKind::kOptimizer) {
      Add(PartKind::kOptimizer, child);
    } else {
      LookForOptimizers(child);
    }
  });
}

void Finder::Look(uint32_t index, bool in_average) {
  const TorchNode& node = tree_.node(index);
  if (node.kind == NodeKind::kOptimizer) {
    Add(PartKind::kOptimizer, index);
    return;
  }
  if (node.tensors_below == 0) return;
  if (node.name == "callbacks") return Hide(index);
  in_average = in_average || HasWord(node.name, kAverageWords);
  if (node.kind == NodeKind::kModule) {
    Add(in_average ? PartKind::kAverage : PartKind::kModel, index);
    return;
  }
  if (node.kind == NodeKind::kTensor || HasWord(node.name, kOtherWords)) return;
  if (IsFlatOptimizer(*node.value)) {
    return Add(PartKind::kFlatOptimizer, index);
  }
  if (HasWord(node.name, kOptimizerWords)) {
    Add(PartKind::kState, index);
    return LookForOptimizers(index);
  }
  bool is_list = node.kind == NodeKind::kSequence;
  if (is_list && index != 0 && !in_average &&
      !IsOneOf(node.name, kWrapperNames)) {
    return LookBelow(index, false);
  }
  LookAtDict(index, in_average);
}

bool Finder::HasParameterNames(uint32_t node) const {
  for (uint32_t i = node; i < tree_.nodes().size(); ++i) {
    if (i > node && !tree_.IsBelow(i, node)) break;
    if (!IsPlainTensor(i)) continue;
    Word name = tree_.node(i).name;
    bool is_parameter = HasDot(name) || name == "weight" || name == "bias" ||
                        tree_.node(i).parent != node;
    if (is_parameter) return true;
  }
  return false;
}

std::set<std::string> Finder::Names(uint32_t node) const {
  std::set<std::string> names;
  for (uint32_t i = node; i < tree_.nodes().size(); ++i) {
    if (i > node && !tree_.IsBelow(i, node)) break;
    if (tree_.node(i).kind == NodeKind::kTensor) {
      names.insert(tree_.PathBelow(node, i, '.'));
    }
  }
  return names;
}

// With Lightning's EMAWeightAveraging the `state_dict` is the average, and what
// was trained is kept apart.
void Finder::SwapLightningAverage() {
  if (tree_.Child(0, "current_model_state") == kNone ||
      tree_.Child(0, "averaging_state") == kNone) {
    return;
  }
  uint32_t average = tree_.Child(0, "state_dict");
  for (TorchPart& part : found_.parts) {
    bool is_it = part.kind == PartKind::kModel && part.node == average;
    if (is_it) part.kind = PartKind::kAverage;
  }
}

// Of several candidates the averages, second copies and statistics are told
// from the models.
void Finder::SettleModels() {
  std::vector<TorchPart*> models, averages;
  for (TorchPart& part : found_.parts) {
    if (part.kind == PartKind::kModel) models.push_back(&part);
    if (part.kind == PartKind::kAverage) averages.push_back(&part);
  }
  if (models.empty()) {  // an average alone is the model of this file
    for (TorchPart* part : averages) part->kind = PartKind::kModel;
    models = averages;
  }
  bool any_named = std::any_of(models.begin(), models.end(), [&](auto* part) {
    return HasParameterNames(part->node);
  });
  const TorchPart* primary = nullptr;
  for (const TorchPart* part : models) {
    if (IsOneOf(tree_.node(part->node).name, kWrapperNames)) {
      primary = primary == nullptr ? part : primary;
    }
  }
  std::set<std::string> primary_names;
  if (primary != nullptr && models.size() > 1) {
    primary_names = Names(primary->node);
  }
  std::vector<uint32_t> kept;
  for (TorchPart* part : models) {
    bool is_statistics = any_named && !HasParameterNames(part->node);
    bool is_copy = primary != nullptr && part != primary &&
                   tree_.node(part->node).tensors_below ==
                       tree_.node(primary->node).tensors_below &&
                   Names(part->node) == primary_names;
    if (is_statistics || is_copy) {
      part->kind = PartKind::kOther;
    } else {
      kept.push_back(part->node);
    }
  }
  if (kept.empty()) return;
  found_.names_from = kept.size() == 1 ? kept[0] : tree_.node(kept[0]).parent;
  for (uint32_t node : kept) {
    while (!tree_.IsBelow(node, found_.names_from)) {
      found_.names_from = tree_.node(found_.names_from).parent;
    }
  }
}

// Every node belongs to the nearest part above it.
void Finder::Spread() {
  std::vector<uint32_t>& part_of = found_.part_of;
  part_of.assign(tree_.nodes().size(), 0);
  for (uint32_t i = 0; i < found_.parts.size(); ++i) {
    part_of[found_.parts[i].node] = i;
  }
  for (uint32_t i = 1; i < part_of.size(); ++i) {
    if (part_of[i] == 0) part_of[i] = part_of[tree_.node(i).parent];
  }
}

TorchParts Finder::Find() {
  Look(0, false);
  SwapLightningAverage();
  SettleModels();
  Spread();
  return std::move(found_);
}

TorchParts Finder::Choose(const std::string& subtree) {
  uint32_t chosen = kNone;
  std::string known;
  for (uint32_t i = 1; i < tree_.nodes().size() && chosen == kNone; ++i) {
    const TorchNode& node = tree_.node(i);
    if (node.kind == NodeKind::kTensor || node.tensors_below == 0) continue;
    std::string path = tree_.Path(i, '.');
    if (path == subtree || tree_.Path(i, '/') == subtree) chosen = i;
    bool is_near = tree_.node(i).parent == 0 && known.size() < 200;
    if (is_near) known += (known.empty() ? "" : ", ") + Printable(path);
  }
  if (chosen == kNone) {
    throw ParseError(
        ErrorCode::kUsage, {},
        fmt::format("holds no tensors under \"{}\"", Printable(subtree)),
        known.empty() ? std::string() : fmt::format("there are {}", known));
  }
  Look(0, false);
  for (TorchPart& part : found_.parts) {
    bool is_model =
        part.kind == PartKind::kModel || part.kind == PartKind::kAverage;
    if (is_model) part.kind = PartKind::kOther;
    // The chosen one is whole: nothing below it is something else.
    if (part.node != 0 && tree_.IsBelow(part.node, chosen)) part.node = 0;
  }
  std::erase_if(found_.parts,
                [](const TorchPart& part) { return part.node == 0; });
  found_.parts.insert(found_.parts.begin(), {PartKind::kOther, 0});
  Add(PartKind::kModel, chosen);
  found_.names_from = chosen;
  Spread();
  return std::move(found_);
}

}  // namespace

TorchParts FindTorchParts(const TorchTree& tree, const std::string& subtree) {
  Finder finder(tree);
  return subtree.empty() ? finder.Find() : finder.Choose(subtree);
}

}  // namespace ckptdiff
