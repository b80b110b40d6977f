#include "rules/tracking.h"

#include <algorithm>
#include <array>

#include "base/name_parts.h"
#include "layout/companions.h"

namespace ckptdiff {
namespace {

// The last part of such a name, as Keras, PyTorch, Flax and TF1 spell it.
constexpr std::array<std::string_view, 18> kOptional = {"bias",
                                                        "biases",
                                                        "beta",
                                                        "gamma",
                                                        "moving_mean",
                                                        "moving_variance",
                                                        "running_mean",
                                                        "running_var",
                                                        "mean",
                                                        "var",
                                                        "num_batches_tracked",
                                                        "position_ids",
                                                        "inv_freq",
                                                        "count",
                                                        "seed_generator_state",
                                                        "moving_var",
                                                        "token_type_ids",
                                                        "_extra_state"};

// "dense/vars/1": a store that tells no names may mean a bias.
bool IsNumberOnly(std::string_view name) {
  size_t last = name.find_last_of("/.");
  if (last == std::string_view::npos) return false;
  return name.substr(0, last).ends_with("vars") &&
         name.find_first_not_of("0123456789", last + 1) == name.npos;
}

bool HasPartner(const Comparison& comparison, const LayerIndex::Entry& layer) {
  return std::any_of(layer.variables.begin(), layer.variables.end(),
                     [&](size_t i) { return comparison.ExpectedIsPlaced(i); });
}

// The layer of the checkpoint that the variables of an expected one are in:
// that of the first partner.
size_t CounterpartLayer(const Comparison& comparison,
                        const LayerIndex::Entry& layer) {
  for (size_t i : layer.variables) {
    size_t partner = comparison.PartnerOfExpected(i);
    if (partner != Comparison::kNone) {
      return comparison.actual_layers().Of(partner);
    }
  }
  return LayerIndex::kNone;
}

bool HasLeftOver(const Comparison& comparison, const LayerIndex::Entry& layer) {
  return std::any_of(layer.variables.begin(), layer.variables.end(),
                     [&](size_t i) { return !comparison.ActualIsPlaced(i); });
}

// True for what a configuration switches on and off: biases, scales and
// offsets of norms, moving statistics, counters, position ids.
bool IsOptional(std::string_view name) {
  return std::find(kOptional.begin(), kOptional.end(), LastPart(name)) !=
         kOptional.end();
}

}  // namespace

bool IsMergedOnSaving(const Comparison& comparison, size_t expected) {
  const Variable& variable = comparison.expected(expected);
  if (variable.tracked || !IsCompanion(variable.name) ||
      comparison.actual().source.addressed_by != AddressedBy::kOrder) {
    return false;
  }
  size_t at = comparison.expected_layers().Of(expected);
  if (at == LayerIndex::kNone) return false;
  // An HDF5 of the whole model keeps them beside the kernel: all of them.
  const LayerIndex::Entry& layer = comparison.expected_layers().entries()[at];
  bool has_adapter = std::ranges::any_of(layer.variables, [&](size_t i) {
    return comparison.ExpectedIsPlaced(i) &&
           IsCompanion(comparison.expected(i).name);
  });
  return !has_adapter && HasPartner(comparison, layer);
}

bool IsUntracked(const Comparison& comparison, size_t expected) {
  const Variable& variable = comparison.expected(expected);
  if (comparison.is_diff() || IsMergedOnSaving(comparison, expected)) {
    return false;
  }
  if (!variable.tracked) return true;
  if (IsOptional(variable.name) || IsNumberOnly(variable.name) ||
      IsCompanion(variable.name) || !variable.tied_to.empty() ||
      comparison.AmbiguityOfExpected(expected) != nullptr) {
    return false;
  }
  size_t at = comparison.expected_layers().Of(expected);
  if (at == LayerIndex::kNone) return false;
  const LayerIndex::Entry& layer = comparison.expected_layers().entries()[at];
  const auto& actual_layers = comparison.actual_layers().entries();
  if (!HasPartner(comparison, layer)) {
    // The file may know the layer, and no variable of it.
    size_t same = comparison.actual_layers().Find(layer.name);
    return same != LayerIndex::kNone && actual_layers[same].variables.empty() &&
           actual_layers[same].declared->variables_known;
  }
  size_t counterpart = CounterpartLayer(comparison, layer);
  return counterpart == LayerIndex::kNone ||
         !HasLeftOver(comparison, actual_layers[counterpart]);
}

}  // namespace ckptdiff
