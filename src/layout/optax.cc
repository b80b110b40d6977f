#include "layout/optax.h"

#include <algorithm>

#include "layout/slots.h"

namespace ckptdiff {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

}  // namespace

bool IsOptimizerContainer(const std::vector<std::string>& path, size_t at) {
  const std::string& part = path[at];
  if (Contains(part, "opt_state") || part == "optimizer_state" ||
      part == "optim_state" || part == "param_states") {
    return true;
  }
  bool is_generic = part == "optimizer" || part == "opt" || part == "optim" ||
                    part == "state";
  if (!is_generic || at + 1 >= path.size()) return false;
  const std::string& next = path[at + 1];
  // T5X keeps the weights in optimizer/target; nnx.Optimizer may hold the
  // model; a whole training state may be called "state".
  if (part == "state") return next == "param_states";
  return next != "target" && next != "model" && next != "params" &&
         next != "state";
}

bool IsAverageRoot(std::string_view part) {
  return part == "ema" || part.starts_with("ema_") || part.ends_with("_ema") ||
         part == "avg_params" || part == "average_params" ||
         part == "averaged_params" || part == "polyak_params";
}

bool IsParamsRoot(std::string_view part) {
  return part == "params" || part.ends_with("_params") ||
         part.starts_with("params_") || part == "target";
}

bool IsStepName(std::string_view part) {
  return part == "step" || part == "global_step";
}

std::string TreeQualifier(std::string_view part) {
  std::string rest(part);
  for (std::string_view word :
       {"optimizer_state", "optim_state", "opt_states", "opt_state",
        "param_states", "optimizer", "optim", "params", "ema", "avg"}) {
    size_t at = rest.find(word);
    if (at != rest.npos) rest.erase(at, word.size());
  }
  if (rest == "opt" || rest == "state") rest.clear();
  std::erase(rest, '_');
  return rest;
}

bool IsAdafactorPlaceholder(const Variable& slot, const std::string& raw,
                            const Shape& owner) {
  if (slot.shape != Shape::Of({1})) return false;
  if (raw == "v") return owner != Shape::Of({1});
  if (raw != "v_row" && raw != "v_col") return false;
  return owner.dims.size() != 2 || (owner.dims[0] != 1 && owner.dims[1] != 1);
}

std::string_view OptaxFamily(const std::set<std::string>& words,
                             bool has_count) {
  auto has = [&words](const char* word) { return words.contains(word); };
  if (has("v_row") || has("v_col")) return "Adafactor";
  if (has("z")) return has("nu") ? "ScheduleFreeAdamW" : "ScheduleFreeSGD";
  if (has("sum_of_squares")) return "Adagrad";
  if (has("e_g") || has("e_x")) return "Adadelta";
  if (has("mu/0")) return "SM3";
  if (has("m1") && has("m2")) return "AdEMAMix";
  if (has("exp_avg") && has("exp_avg_sq")) {
    return has("params0") ? "Prodigy" : "DAdaptAdamW";
  }
  if (has("step_sizes")) return "Rprop";
  if (has("diff_params_memory")) return "LBFGS";
  if (has("mu") && has("nu")) return has_count ? "Adam" : "RMSprop";
  if (has("nu")) return "RMSprop";
  if (has("mu") && has("ns_coeffs")) return "Muon";
  if (has("mu")) return "Lion";
  if (has("m") && has("v")) return has("n") ? "Adan" : "Adam";
  if (has("trace")) return "SGD";
  return "";
}

std::string CanonicalOptaxSlot(std::string_view family,
                               const std::string& raw) {
  if (raw == "acc_grads") return "gradient_accumulator";
  return CanonicalSlot(SlotDialect::kOptax, family, raw);
}

}  // namespace ckptdiff
