// What an optimizer's state is called: every framework has its own words for
// the same few things. "m" of Adam is `Adam` in a TF1 graph, `m` in Keras 2,
// `momentum` in Keras 3, `exp_avg` in PyTorch and `mu` in optax.

#ifndef CKPTDIFF_LAYOUT_SLOTS_H_
#define CKPTDIFF_LAYOUT_SLOTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Whose words they are.
enum class SlotDialect {
  kTf1,     // the suffix behind `variable/`: "Adam", "Adam_1", "adam_m"
  kKeras2,  // tf.keras of TF 2.0 to 2.15 and tf_keras, legacy and new: "m"
  kKeras3,  // "momentum", "velocity"
  kTorch,   // "exp_avg", "exp_avg_sq"
  kOptax,   // "mu", "nu", "trace"
};

// The canonical name ("m", "v", "momentum", "rms", ...) of what `dialect`
// calls `raw` in an optimizer of `optimizer_class` ("AdamW"; case does not
// matter, an empty or unknown class means the commonest meaning of the word).
// A word that no table knows is returned as it stands.
//
//   CanonicalSlot(kKeras3, "Adam", "velocity") == "v"
//   CanonicalSlot(kKeras3, "RMSprop", "velocity") == "rms"
//   CanonicalSlot(kTorch, "", "exp_avg") == "m"
std::string CanonicalSlot(SlotDialect dialect, std::string_view optimizer_class,
                          std::string_view raw);

// True where the dialect knows the word for some optimizer.
bool IsSlotWord(SlotDialect dialect, std::string_view raw);

// The canonical slots that an optimizer of this class keeps for a variable,
// as far as class and settings (amsgrad, momentum, centered) tell; empty for a
// class that no table knows.
std::vector<std::string_view> SlotsOfClass(
    std::string_view optimizer_class, const std::vector<Setting>& settings);

// True for a class of optimizers that the tables know ("AdamW", any case).
bool IsOptimizerClass(std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_SLOTS_H_
