#include "formats/tf/optimizer_names.h"

#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/name_parts.h"

namespace ckptdiff {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr std::array kLists = {
    Names{"_momentums", "momentum"},
    Names{"momentums", "momentum"},
    Names{"_velocities", "velocity"},
    Names{"_velocity_hats", "velocity_hat"},
    Names{"_average_gradients", "average_gradient"},
    Names{"_accumulators", "accumulator"},
    Names{"_linears", "linear"},
    Names{"_accumulated_grads", "accumulated_grad"},
    Names{"_accumulated_delta_vars", "accumulated_delta_var"},
    Names{"_m", "m"},
    Names{"_u", "u"},
    Names{"_v", "v"},
    Names{"_r", "r"},
    Names{"_c", "c"},
    Names{"_accumulated_gradients", "gradient_accumulator"},
    Names{"_model_variables_moving_average", "average"},
    Names{"adam_velocities", "velocity"},
};

// Without underscores: Keras 3 makes "rm_sprop" and "adam_w" of class names.
constexpr std::array kClasses = {
    Names{"adam", "Adam"},
    Names{"adamw", "AdamW"},
    Names{"adamax", "Adamax"},
    Names{"nadam", "Nadam"},
    Names{"sgd", "SGD"},
    Names{"rmsprop", "RMSprop"},
    Names{"adagrad", "Adagrad"},
    Names{"adadelta", "Adadelta"},
    Names{"ftrl", "Ftrl"},
    Names{"adafactor", "Adafactor"},
    Names{"lion", "Lion"},
    Names{"lamb", "Lamb"},
    Names{"muon", "Muon"},
    Names{"momentum", "Momentum"},
    Names{"adamweightdecay", "AdamWeightDecay"},
    Names{"schedulefreeadamw", "ScheduleFreeAdamW"},
};

}  // namespace

bool IsOptimizer(const ObjectNode& node) {
  const auto has = [&node](std::string_view name) {
    return node.Find(name) != nullptr;
  };
  if (!node.slots.empty()) return true;
  if (has("_variables") && (has("_iterations") || has("_index_dict") ||
                            has("_trainable_variables_indices"))) {
    return true;
  }
  if (has("iter") &&
      (has("learning_rate") || has("decay") || has("momentum") || has("rho"))) {
    return true;
  }
  // A loss-scale wrapper that has nothing else of its own.
  return has("base_optimizer") && has("loss_scale");
}

std::optional<std::string_view> WordOfList(std::string_view attribute) {
  for (const auto& [name, word] : kLists) {
    if (name == attribute) return word;
  }
  return std::nullopt;
}

std::string ClassOfName(std::string_view word) {
  std::string plain;
  for (char c : WithoutNumber(word)) {
    if (c != '_') plain += Lower(c);
  }
  for (const auto& [name, class_name] : kClasses) {
    if (plain == name) return std::string(class_name);
  }
  return {};
}

std::string ClassOfLists(const ObjectNode& optimizer) {
  size_t momentum = 0, velocity = 0, at = 0;
  for (const auto& child : optimizer.children) {
    ++at;
    if (child.name == "_momentums") momentum = at;
    if (child.name == "_velocities") velocity = at;
    if (child.name == "_u") return "Adamax";
    if (child.name == "_linears") return "Ftrl";
    if (child.name == "_accumulated_grads") return "Adadelta";
    if (child.name == "_average_gradients") return "RMSprop";
    if (child.name == "_r") return "Adafactor";
    if (child.name == "_u_product") return "Nadam";
    if (child.name == "adam_velocities") return "Muon";
  }
  if (velocity != 0 && (momentum == 0 || velocity < momentum)) {
    return "RMSprop";
  }
  return momentum != 0 && velocity != 0 ? "Adam" : "";
}

}  // namespace ckptdiff
