// What a compiled Keras model says of its optimizer, and the order in which
// each class stores its state. Keras 3 stores hold `optimizer/vars/0`, `1`, …
// and not one name: class and settings alone tell what a number is.

#ifndef CKPTDIFF_FORMATS_KERAS_OPTIMIZER_H_
#define CKPTDIFF_FORMATS_KERAS_OPTIMIZER_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/json_doc.h"
#include "layout/slots.h"

namespace ckptdiff {

struct KerasOptimizerPart;

struct KerasOptimizer {
  std::string class_name;  // "Adam"; empty: the file does not tell
  std::string name;        // "adam": the scope of its variables
  std::vector<Setting> settings;
  // {"inner_optimizer": …} of a LossScaleOptimizer, which scales gradients
  // and leaves the slots to the inner one.
  bool scales_loss = false;
  std::string scaler;             // its name: "loss_scale_optimizer"
  bool has_own_schedule = false;  // then the learning rate is no variable
  bool is_legacy = false;         // tf.keras.optimizers.legacy
  bool use_ema = false;
  bool accumulates = false;  // gradient_accumulation_steps
  bool has_momentum = false;
  bool amsgrad = false;
  bool centered = false;
  std::vector<std::string> exclude_layers;  // Muon
  bool exclude_embeddings = true;           // Muon
  std::vector<KerasOptimizerPart> parts;    // of a MultiOptimizer
};

// One optimizer of several, for the variables whose path its pattern (a Python
// regular expression) matches whole; the default one has an empty pattern.
struct KerasOptimizerPart {
  std::string pattern;
  KerasOptimizer optimizer;
};

// From {"class_name", "config"} (`optimizer_config` of an h5, `optimizer` of a
// compile_config) or a bare string; an unknown one from anything else.
KerasOptimizer ReadKerasOptimizer(const Json* object);

// Consecutive variables of the optimizer. Of `words` (the framework's own) one
// variable each per trainable variable: [m0, v0, m1, v1, …].
struct SlotRun {
  std::vector<std::string> words;
};

// The runs behind the optimizer's scalars, in order. Empty: no slots, or a
// class whose order depends on the variables (Adafactor, Muon) or is unknown.
std::vector<SlotRun> SlotRuns(const KerasOptimizer& optimizer,
                              SlotDialect dialect);

// Muon gives matrices to itself (momentum) and all else to Adam (momentum,
// velocity), embeddings and what `exclude_layers` names included.
bool MuonUsesAdam(const KerasOptimizer& optimizer, const std::string& variable,
                  const Shape& shape);

// What the names of its variables begin with: "adam" in Keras 3, "Adam" in
// tf-keras, where the user gave it no other.
std::string OptimizerScope(const KerasOptimizer& optimizer,
                           SlotDialect dialect);

// As the framework calls it in memory: "adam/mlp_a_kernel_momentum" in Keras 3,
// "Adam/m/mlp/a/kernel" in tf-keras, "Adam/mlp/a/kernel/m" in legacy ones.
std::string SlotVariableName(const KerasOptimizer& optimizer,
                             SlotDialect dialect, const std::string& word,
                             std::string owner);

// "Adam", then "Adam#2": adds an entry to the layout and returns its id.
std::string AddOptimizer(const KerasOptimizer& optimizer, Layout* layout);

// Lists the slot among those of the optimizer, once.
void NoteSlot(const std::string& optimizer_id, const std::string& slot,
              Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_OPTIMIZER_H_
