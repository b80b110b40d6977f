#include "formats/torch_optimizer_class.h"

#include <array>
#include <string_view>

namespace ckptdiff {
namespace {

using Words = std::set<std::string, std::less<>>;

// A class, by what the keys of its groups must and must not hold. In order:
// the first that fits.
struct ClassRule {
  std::string_view name;
  std::array<std::string_view, 3> has;
  std::string_view lacks = {};
};
constexpr std::array kClassRules = {
    ClassRule{"Muon", {"ns_steps"}},
    ClassRule{"LBFGS", {"history_size"}},
    ClassRule{"NAdam", {"momentum_decay"}},
    ClassRule{"Adafactor", {"beta2_decay", "d"}},
    ClassRule{"Adafactor", {"decay_rate", "clip_threshold"}},  // Hugging Face
    ClassRule{"Rprop", {"etas", "step_sizes"}},
    ClassRule{"ASGD", {"lambd", "t0"}},
    ClassRule{"Adadelta", {"rho"}},
    ClassRule{"Adagrad", {"lr_decay", "initial_accumulator_value"}},
    ClassRule{"Adagrad", {"lr_decay"}, "betas"},  // before torch 1.4
    ClassRule{"RMSprop", {"alpha", "centered"}},
    ClassRule{"SGD", {"dampening", "nesterov"}},
    ClassRule{"RAdam", {"betas", "decoupled_weight_decay"}, "amsgrad"},
    ClassRule{"AdamW", {"betas", "correct_bias"}, "amsgrad"},  // transformers 4
};

bool Fits(const ClassRule& rule, const Words& keys) {
  for (std::string_view word : rule.has) {
    if (!word.empty() && !keys.contains(word)) return false;
  }
  return rule.lacks.empty() || !keys.contains(rule.lacks);
}

}  // namespace

std::optional<std::string> TorchOptimizerClass(const Words& keys,
                                               const Words& slots,
                                               bool is_decoupled) {
  for (const ClassRule& rule : kClassRules) {
    if (Fits(rule, keys)) return std::string(rule.name);
  }
  if (!keys.contains("betas")) return std::nullopt;
  if (slots.contains("exp_inf")) return "Adamax";
  if (keys.contains("amsgrad")) {
    // Before torch 2.7 nothing tells Adam from AdamW.
    if (!keys.contains("decoupled_weight_decay")) return std::nullopt;
    return is_decoupled ? "AdamW" : "Adam";
  }
  if (slots.contains("exp_avg_sq") && !keys.contains("weight_decay")) {
    return "SparseAdam";
  }
  bool is_lion = slots.contains("exp_avg") && !slots.contains("exp_avg_sq") &&
                 !keys.contains("eps");
  if (is_lion) return "Lion";
  return std::nullopt;
}

std::string TorchOptimizerWord(const std::optional<std::string>& class_name,
                               const Words& keys) {
  bool is_adam = keys.contains("betas") && keys.contains("amsgrad");
  return class_name.value_or(is_adam ? "Adam" : "optimizer");
}

}  // namespace ckptdiff
