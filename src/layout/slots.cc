#include "layout/slots.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

// Optimizers whose state has the same parts.
enum class Family {
  kAny,
  kAdam,
  kSgd,
  kRmsprop,
  kAdagrad,
  kAdadelta,
  kFtrl,
  kLion,
  kMuon,
  kScheduleFree,
  kAdafactor,
};

struct ClassName {
  std::string_view name;  // lower case
  Family family;
};

// TF1 writes an optimizer's `name` argument, PyTorch and optax spell some
// classes in their own way: all of them are here in lower case.
constexpr std::array kClasses = {
    ClassName{"adam", Family::kAdam},
    ClassName{"adamw", Family::kAdam},
    ClassName{"adamax", Family::kAdam},
    ClassName{"adamaxw", Family::kAdam},
    ClassName{"fusedadam", Family::kAdam},
    ClassName{"nadam", Family::kAdam},
    ClassName{"nadamw", Family::kAdam},
    ClassName{"novograd", Family::kAdam},
    ClassName{"radam", Family::kAdam},
    ClassName{"sparseadam", Family::kAdam},
    ClassName{"lamb", Family::kAdam},
    ClassName{"lambstate", Family::kAdam},
    ClassName{"yogi", Family::kAdam},
    ClassName{"adabelief", Family::kAdam},
    ClassName{"adamweightdecay", Family::kAdam},
    ClassName{"sgd", Family::kSgd},
    ClassName{"gradientdescent", Family::kSgd},
    ClassName{"momentum", Family::kSgd},
    ClassName{"rmsprop", Family::kRmsprop},
    ClassName{"adagrad", Family::kAdagrad},
    ClassName{"adagradda", Family::kAdagrad},
    ClassName{"proximaladagrad", Family::kAdagrad},
    ClassName{"adadelta", Family::kAdadelta},
    ClassName{"ftrl", Family::kFtrl},
    ClassName{"lion", Family::kLion},
    ClassName{"muon", Family::kMuon},
    ClassName{"schedulefreeadamw", Family::kScheduleFree},
    ClassName{"adafactor", Family::kAdafactor},
};

Family FamilyOf(std::string_view optimizer_class) {
  // "torch.optim.AdamW", "optax.adamw"
  optimizer_class.remove_prefix(optimizer_class.rfind('.') + 1);
  std::string lower = Lower(optimizer_class);
  if (lower.ends_with("optimizer")) lower.resize(lower.size() - 9);
  for (const ClassName& one : kClasses) {
    if (one.name == lower) return one.family;
  }
  return Family::kAny;
}

struct Word {
  SlotDialect dialect;
  Family family;  // kAny: where no line of the own family says otherwise
  std::string_view raw;
  std::string_view canonical;
};

using enum SlotDialect;

// Words that are canonical already stand in no line.
constexpr std::array kWords = {
    // TF1: centred RMSProp has mg at _1 and momentum at _2; who ties the slots
    // sees that and does not ask this table.
    Word{kTf1, Family::kAdam, "Adam", "m"},
    Word{kTf1, Family::kAdam, "Adam_1", "v"},
    Word{kTf1, Family::kAny, "Adam", "m"},
    Word{kTf1, Family::kAny, "Adam_1", "v"},
    Word{kTf1, Family::kAny, "adam_m", "m"},
    Word{kTf1, Family::kAny, "adam_v", "v"},
    Word{kTf1, Family::kAny, "Momentum", "momentum"},
    Word{kTf1, Family::kAny, "RMSProp", "rms"},
    Word{kTf1, Family::kAny, "RMSProp_1", "momentum"},
    Word{kTf1, Family::kAny, "Adagrad", "accumulator"},
    Word{kTf1, Family::kAny, "ProximalAdagrad", "accumulator"},
    Word{kTf1, Family::kAny, "Adadelta", "accum_grad"},
    Word{kTf1, Family::kAny, "Adadelta_1", "accum_var"},
    Word{kTf1, Family::kAny, "Ftrl", "accumulator"},
    Word{kTf1, Family::kAny, "Ftrl_1", "linear"},
    Word{kTf1, Family::kAny, "slot_vr", "row"},
    Word{kTf1, Family::kAny, "slot_vc", "column"},
    Word{kTf1, Family::kAny, "slot_v", "v"},
    Word{kTf1, Family::kAny, "slot_m", "m"},
    Word{kTf1, Family::kAny, "ExponentialMovingAverage", "average"},
    // Keras 2: the new optimizers call the first moment of everything "m".
    Word{kKeras2, Family::kSgd, "m", "momentum"},
    Word{kKeras2, Family::kLion, "m", "momentum"},
    Word{kKeras2, Family::kAdam, "u", "v"},
    Word{kKeras2, Family::kRmsprop, "velocity", "rms"},
    Word{kKeras2, Family::kRmsprop, "average_gradient", "mg"},
    Word{kKeras2, Family::kAdafactor, "r", "row"},
    Word{kKeras2, Family::kAdafactor, "c", "column"},
    Word{kKeras2, Family::kAny, "average_gradient", "mg"},
    Word{kKeras2, Family::kAny, "velocity", "rms"},
    Word{kKeras2, Family::kAny, "accumulated_grad", "accum_grad"},
    Word{kKeras2, Family::kAny, "accumulated_delta_var", "accum_var"},
    // Keras 3: "momentum" is m of Adam and momentum of SGD.
    Word{kKeras3, Family::kAdam, "momentum", "m"},
    Word{kKeras3, Family::kAdam, "velocity", "v"},
    Word{kKeras3, Family::kAdam, "velocity_hat", "vhat"},
    Word{kKeras3, Family::kAdam, "norm", "v"},
    Word{kKeras3, Family::kAdam, "u", "v"},
    Word{kKeras3, Family::kRmsprop, "velocity", "rms"},
    Word{kKeras3, Family::kRmsprop, "average_gradient", "mg"},
    Word{kKeras3, Family::kMuon, "velocity", "v"},
    Word{kKeras3, Family::kScheduleFree, "momentum", "z"},
    Word{kKeras3, Family::kScheduleFree, "velocity", "v"},
    Word{kKeras3, Family::kAdafactor, "r", "row"},
    Word{kKeras3, Family::kAdafactor, "c", "column"},
    Word{kKeras3, Family::kAdafactor, "velocity", "v"},
    Word{kKeras3, Family::kAny, "velocity", "v"},
    Word{kKeras3, Family::kAny, "velocity_hat", "vhat"},
    Word{kKeras3, Family::kAny, "norm", "v"},
    Word{kKeras3, Family::kAny, "average_gradient", "mg"},
    Word{kKeras3, Family::kAny, "accumulated_grad", "accum_grad"},
    Word{kKeras3, Family::kAny, "accumulated_delta_var", "accum_var"},
    // PyTorch, and Hugging Face's Adafactor.
    Word{kTorch, Family::kLion, "exp_avg", "momentum"},
    Word{kTorch, Family::kAdadelta, "square_avg", "accum_grad"},
    Word{kTorch, Family::kAdafactor, "variance", "v"},
    Word{kTorch, Family::kAdafactor, "exp_avg_sq", "v"},
    Word{kTorch, Family::kAdafactor, "exp_avg", "m"},
    Word{kTorch, Family::kAny, "exp_avg", "m"},
    Word{kTorch, Family::kAny, "exp_avg_sq", "v"},
    Word{kTorch, Family::kAny, "exp_inf", "v"},
    Word{kTorch, Family::kAny, "max_exp_avg_sq", "vhat"},
    Word{kTorch, Family::kAny, "momentum_buffer", "momentum"},
    Word{kTorch, Family::kAny, "square_avg", "rms"},
    Word{kTorch, Family::kAny, "grad_avg", "mg"},
    Word{kTorch, Family::kAny, "sum", "accumulator"},
    Word{kTorch, Family::kAny, "acc_delta", "accum_var"},
    Word{kTorch, Family::kAny, "row_var", "row"},
    Word{kTorch, Family::kAny, "col_var", "column"},
    Word{kTorch, Family::kAny, "exp_avg_sq_row", "row"},
    Word{kTorch, Family::kAny, "exp_avg_sq_col", "column"},
    // optax: the name of a state's field.
    Word{kOptax, Family::kRmsprop, "nu", "rms"},
    Word{kOptax, Family::kRmsprop, "mu", "mg"},
    Word{kOptax, Family::kRmsprop, "trace", "momentum"},
    Word{kOptax, Family::kLion, "mu", "momentum"},
    Word{kOptax, Family::kMuon, "mu", "momentum"},
    Word{kOptax, Family::kAny, "mu", "m"},
    Word{kOptax, Family::kAny, "nu", "v"},
    Word{kOptax, Family::kAny, "nu_max", "vhat"},
    Word{kOptax, Family::kAny, "exp_avg", "m"},  // DAdaptAdamW, Prodigy
    Word{kOptax, Family::kAny, "exp_avg_sq", "v"},
    Word{kOptax, Family::kAny, "trace", "momentum"},
    Word{kOptax, Family::kAny, "sum_of_squares", "accumulator"},
    Word{kOptax, Family::kAny, "e_g", "accum_grad"},
    Word{kOptax, Family::kAny, "e_x", "accum_var"},
    Word{kOptax, Family::kAny, "v_row", "row"},
    Word{kOptax, Family::kAny, "v_col", "column"},
    Word{kOptax, Family::kAny, "ema", "average"},
};

// What the contract calls canonical; a dialect may use these words as well.
constexpr std::array<std::string_view, 15> kCanonical = {
    "m",           "v",
    "vhat",        "momentum",
    "rms",         "mg",
    "accumulator", "accum_grad",
    "accum_var",   "linear",
    "row",         "column",
    "z",           "gradient_accumulator",
    "average"};

}  // namespace

std::string CanonicalSlot(SlotDialect dialect, std::string_view optimizer_class,
                          std::string_view raw) {
  Family family = FamilyOf(optimizer_class);
  std::string_view fallback = raw;
  for (const Word& word : kWords) {
    if (word.dialect != dialect || word.raw != raw) continue;
    if (word.family == family) return std::string(word.canonical);
    if (word.family == Family::kAny) fallback = word.canonical;
  }
  return std::string(fallback);
}

bool IsSlotWord(SlotDialect dialect, std::string_view raw) {
  bool known = std::any_of(kWords.begin(), kWords.end(), [&](const Word& word) {
    return word.dialect == dialect && word.raw == raw;
  });
  bool has_own_words = dialect == kTf1 || dialect == kTorch;
  return known ||
         (!has_own_words && std::find(kCanonical.begin(), kCanonical.end(),
                                      raw) != kCanonical.end());
}

namespace {

// A switch that is on: true, or a number above zero.
bool IsOn(const std::vector<Setting>& settings, std::string_view name) {
  for (const Setting& setting : settings) {
    if (setting.name != name) continue;
    const std::string& json = setting.json;
    return json == "true" || json.find_first_of("123456789") < json.size();
  }
  return false;
}

}  // namespace

std::vector<std::string_view> SlotsOfClass(
    std::string_view optimizer_class, const std::vector<Setting>& settings) {
  switch (FamilyOf(optimizer_class)) {
    case Family::kAny: return {};
    case Family::kAdam:
      if (IsOn(settings, "amsgrad")) return {"m", "v", "vhat"};
      return {"m", "v"};
    case Family::kSgd:
      // TF1's MomentumOptimizer is called after what it keeps.
      if (IsOn(settings, "momentum") ||
          optimizer_class.starts_with("Momentum")) {
        return {"momentum"};
      }
      return {};
    case Family::kRmsprop: {
      std::vector<std::string_view> slots = {"rms"};
      if (IsOn(settings, "momentum")) slots.push_back("momentum");
      if (IsOn(settings, "centered")) slots.push_back("mg");
      return slots;
    }
    case Family::kAdagrad: return {"accumulator"};
    case Family::kAdadelta: return {"accum_grad", "accum_var"};
    case Family::kFtrl: return {"accumulator", "linear"};
    case Family::kLion:
    case Family::kMuon: return {"momentum"};
    case Family::kScheduleFree: return {"z", "v"};
    case Family::kAdafactor: return {"row", "column", "v"};
  }
  return {};
}

bool IsOptimizerClass(std::string_view name) {
  return FamilyOf(name) != Family::kAny;
}

}  // namespace ckptdiff
