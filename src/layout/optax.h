// The words of optax, Flax and T5X in the paths of a training state.

#ifndef CKPTDIFF_LAYOUT_OPTAX_H_
#define CKPTDIFF_LAYOUT_OPTAX_H_

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// "opt_state", "g_opt_state", "opt_state_d", ...: below it nothing is a weight.
bool IsOptimizerContainer(const std::vector<std::string>& path, size_t at);
// "params", "g_params", "target" (T5X): below it are weights.
bool IsParamsRoot(std::string_view part);
// "ema_params", "params_ema", "avg_params", ...
bool IsAverageRoot(std::string_view part);
bool IsStepName(std::string_view part);

// The part of "g_opt_state" or "g_params" that says whose it is: "g".
std::string TreeQualifier(std::string_view part);

// What optax calls the optimizer whose state has these fields, `has_count`
// beside them. Adam stands for everything that keeps Adam's two moments
// (AdamW, LAMB, RAdam, ...); empty: unknown.
std::string_view OptaxFamily(const std::set<std::string>& words,
                             bool has_count);

std::string CanonicalOptaxSlot(std::string_view family, const std::string& raw);

// Adafactor keeps arrays of shape [1] for what it does not factor, or does.
bool IsAdafactorPlaceholder(const Variable& slot, const std::string& raw,
                            const Shape& owner);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_OPTAX_H_
