#include "layout/tf1_names.h"

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "base/name_parts.h"

namespace ckptdiff {
namespace {

const std::vector<Tf1Recipe>& Recipes() {
  static const std::vector<Tf1Recipe> recipes = {
      {"Adadelta", {"accum_grad", "accum_var"}},
      {"Adafactor", {"row", "column"}},
      {"Adagrad", {"accumulator"}},
      {"AdagradDA", {"gradient_accumulator", "gradient_squared_accumulator"}},
      {"Adam", {"m", "v"}},
      {"AdamW", {"m", "v"}},
      {"ExponentialMovingAverage", {"average"}},
      {"Ftrl", {"accumulator", "linear"}},
      {"LazyAdam", {"m", "v"}},
      {"Momentum", {"momentum"}},
      {"MomentumW", {"momentum"}},
      {"NadamOptimizer", {"m", "v"}},
      {"ProximalAdagrad", {"accumulator"}},
      {"RMSProp", {"rms", "momentum"}},  // or, centred, kTf1Centred
  };
  return recipes;
}

constexpr std::array kWordSlots = {
    Tf1WordSlot{"/adam_m", "m", "AdamWeightDecay"},  // BERT
    Tf1WordSlot{"/adam_v", "v", "AdamWeightDecay"},
    Tf1WordSlot{"_slot_vr", "row", "Adafactor"},  // Mesh-TensorFlow
    Tf1WordSlot{"_slot_vc", "column", "Adafactor"},
    Tf1WordSlot{"_slot_v", "v", "Adafactor"},
    Tf1WordSlot{"_slot_m", "m", "Adafactor"},
};

constexpr std::array<std::string_view, 4> kOwnScalars = {
    "beta1_power", "beta2_power", "current_loss_scale", "good_steps"};
// Only as an optimizer's: [scope/]Adam/learning_rate.
constexpr std::array<std::string_view, 14> kHyperparameters = {
    "iter",
    "iteration",
    "decay",
    "learning_rate",
    "learning_rate_power",
    "beta",
    "momentum",
    "rho",
    "epsilon",
    "momentum_cache",
    "beta_1",
    "beta_2",
    "l1_regularization_strength",
    "l2_regularization_strength"};

}  // namespace

const Tf1Recipe* FindTf1Recipe(std::string_view name) {
  for (const Tf1Recipe& recipe : Recipes()) {
    if (recipe.name == name) return &recipe;
  }
  return nullptr;
}

std::span<const Tf1WordSlot> Tf1WordSlots() { return kWordSlots; }

std::pair<std::string_view, size_t> SplitTf1Number(std::string_view word) {
  size_t underscore = word.rfind('_');
  if (underscore == word.npos || underscore + 1 == word.size() ||
      word.size() - underscore > 5) {
    return {word, 0};
  }
  size_t number = 0;
  for (char c : word.substr(underscore + 1)) {
    if (!IsDigit(c)) return {word, 0};
    number = number * 10 + static_cast<size_t>(c - '0');
  }
  return {word.substr(0, underscore), number};
}

bool IsKerasOptimizerClass(std::string_view name) {
  constexpr std::array<std::string_view, 12> kClasses = {
      "Adam",    "AdamW", "Adamax",   "Nadam",     "SGD",  "RMSprop",
      "Adagrad", "Ftrl",  "Adadelta", "Adafactor", "Lion", "AdamWeightDecay"};
  return std::find(kClasses.begin(), kClasses.end(), name) != kClasses.end();
}

std::optional<Role> Tf1RoleOfScalar(std::string_view name) {
  const std::string last = Lower(LastPart(name, "/"));
  const std::string_view word = SplitTf1Number(last).first;
  if (word == "global_step" || word == "training_step") return Role::kStep;
  const auto is_one_of = [word](const auto& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is_one_of(kOwnScalars)) return Role::kOptimizer;
  const size_t slash = name.rfind('/');
  if (slash == name.npos || !is_one_of(kHyperparameters)) return std::nullopt;
  const std::string_view scope = LastPart(name.substr(0, slash), "/");
  return IsKerasOptimizerClass(SplitTf1Number(scope).first)
             ? std::optional(Role::kOptimizer)
             : std::nullopt;
}

}  // namespace ckptdiff
