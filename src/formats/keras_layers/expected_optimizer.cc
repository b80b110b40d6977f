// Slots are made when the optimizer is built, one of each kind for every
// variable of model.trainable_variables. Names, for the weight `mlp/a/kernel`:
//
//   Keras 3          adam/mlp_a_kernel_momentum     optimizer's name, slot last
//   Keras 2.11+      Adam/m/mlp/a/kernel            optimizer, slot, variable
//   legacy           Adam/mlp/a/kernel/m            optimizer, variable, slot
//
// with the scalars `iteration` and, in Keras 3 without a schedule,
// `learning_rate` in front. `compile` puts a LossScaleOptimizer around the
// optimizer of a model in mixed_float16: in Keras 3 its own scalars come first,
// and of the inner one those that have no scope are lost; in tf-keras the names
// lose their scope. Nadam of Keras 3 keeps one more scalar, at the end.

#include "formats/keras_layers/expected_optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/name_parts.h"
#include "ckptdiff/dtype.h"
#include "formats/keras/optimizer.h"
#include "formats/keras/paths.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

class OptimizerWriter {
 public:
  OptimizerWriter(const KerasOptimizer& optimizer, const KerasModel& model,
                  Layout* layout)
      : optimizer_(optimizer),
        dialect_(model.dialect == KerasDialect::kKeras3 ? SlotDialect::kKeras3
                                                        : SlotDialect::kKeras2),
        layout_(layout),
        weights_(layout->variables.size()) {
    for (const KerasVariable& variable : model.variables) {
      if (!variable.has_slots) without_slots_.insert(variable.path);
    }
  }

  void Write() {
    id_ = AddOptimizer(optimizer_, layout_);
    // A class of the user's own: what it keeps, nobody knows.
    if (!IsOptimizerClass(optimizer_.class_name)) return;
    AddScalars();
    for (const SlotRun& run : SlotRuns(optimizer_, dialect_)) {
      for (size_t i = 0; i < weights_; ++i) {
        for (const std::string& word : run.words) AddSlot(i, word);
      }
    }
    for (size_t i = 0; i < weights_; ++i) {
      if (optimizer_.class_name == "Adafactor") AddAdafactor(i);
      if (optimizer_.class_name == "Muon") AddMuon(i);
    }
    if (HasUnscoped() && optimizer_.class_name == "Nadam") {
      AddScalar("variable", "float32");  // the product of its schedule
    }
  }

 private:
  bool keras3() const { return dialect_ == SlotDialect::kKeras3; }

  // Scalars that a class makes outside of its scope.
  bool HasUnscoped() const { return keras3() && !optimizer_.scales_loss; }

  // What its gradient replaces has none but the sum of its gradients.
  bool HasSlot(size_t weight, const std::string& word) const {
    const Variable& owner = layout_->variables[weight];
    return owner.trainable == true && (word == "gradient_accumulator" ||
                                       !without_slots_.contains(owner.name));
  }

  void AddSlot(size_t weight, const std::string& word) {
    if (!HasSlot(weight, word)) return;
    const Variable& owner = layout_->variables[weight];
    AddSlot(weight, word,
            SlotVariableName(optimizer_, dialect_, word, owner.name),
            owner.shape);
  }

  void AddSlot(size_t weight, const std::string& word, std::string name,
               Shape shape) {
    const Variable& owner = layout_->variables[weight];
    std::string slot = CanonicalSlot(dialect_, optimizer_.class_name, word);
    Variable variable;
    variable.name = std::move(name);
    variable.dtype = owner.dtype;
    variable.shape = std::move(shape);
    variable.role = slot == "average" ? Role::kAverage : Role::kSlot;
    variable.slot =
        Slot{slot == "average" ? "" : id_, slot, owner.name, owner.key, word};
    if (slot != "average") NoteSlot(id_, slot, layout_);
    layout_->variables.push_back(std::move(variable));
  }

  // Factored from rank 2 on: the mean over the last axis, and over the one
  // before it. Below, Keras 3 has two scalars in their place that mean nothing.
  void AddAdafactor(size_t weight) {
    if (layout_->variables[weight].trainable != true) return;
    Shape shape = layout_->variables[weight].shape;
    std::string bare(LastPart(layout_->variables[weight].name, "/"));
    if (shape.known && shape.dims.size() >= 2) {
      Shape row = shape;
      row.dims.pop_back();
      Shape column = shape;
      column.dims.erase(column.dims.end() - 2);
      AddSlot(weight, "r", FactorName(weight, "r", bare), row);
      AddSlot(weight, "c", FactorName(weight, "c", bare), column);
    } else if (HasUnscoped() && shape.known) {
      for (int i = 0; i < 2; ++i) {
        AddScalar(bare, "");  // int32, in early versions float32
        layout_->variables.back().role = Role::kBookkeeping;
      }
    }
    AddSlot(weight, keras3() ? "velocity" : "v");
  }

  // In Keras 3 the factors bear the variable's own name alone.
  std::string FactorName(size_t weight, const std::string& word,
                         const std::string& bare) const {
    if (keras3()) return JoinScope(OptimizerScope(optimizer_, dialect_), bare);
    return SlotVariableName(optimizer_, dialect_, word,
                            layout_->variables[weight].name);
  }

  // Matrices keep a momentum; what Muon leaves to Adam, a velocity too.
  void AddMuon(size_t weight) {
    const Variable& owner = layout_->variables[weight];
    bool is_adam = MuonUsesAdam(optimizer_, owner.name, owner.shape);
    AddSlot(weight, "momentum");
    if (is_adam) AddSlot(weight, "velocity");
  }

  void AddScalar(std::string name, std::string dtype) {
    Variable scalar;
    scalar.name = std::move(name);
    scalar.shape = Shape::Of({});
    scalar.dtype = std::move(dtype);
    scalar.role = Role::kOptimizer;
    layout_->variables.push_back(std::move(scalar));
  }

  void AddScalars() {
    if (!keras3()) {
      AddScalar(optimizer_.is_legacy
                    ? JoinScope(OptimizerScope(optimizer_, dialect_), "iter")
                    : "iteration",
                "int64");
      return;
    }
    if (optimizer_.scales_loss) {
      const std::string& scaler = optimizer_.scaler;
      AddScalar(JoinScope(scaler, "iteration"), "int64");
      AddScalar(JoinScope(scaler, "learning_rate"), "float32");
      AddScalar(JoinScope(scaler, "step_counter"), "");  // int32 or int64
      AddScalar(JoinScope(scaler, "dynamic_scale"), "float32");
    }
    std::string scope = OptimizerScope(optimizer_, dialect_);
    AddScalar(JoinScope(scope, "iteration"), "int64");
    if (!optimizer_.has_own_schedule) {
      AddScalar(JoinScope(scope, "learning_rate"), "float32");
    }
  }

  const KerasOptimizer& optimizer_;
  SlotDialect dialect_;
  Layout* layout_;
  size_t weights_;  // those of the model stand in front
  std::set<std::string, std::less<>> without_slots_;
  std::string id_;
};

const Json* FindOptimizer(const Json& config) {
  if (const Json* compiled = Member(config, "compile_config")) {
    return Member(*compiled, "optimizer");
  }
  if (const Json* training = Member(config, "training_config")) {
    return Member(*training, "optimizer_config");
  }
  return nullptr;
}

// The policy of the model: no config tells that of a Functional one, but half
// of its layers at least have it.
bool IsMixedFloat16(const KerasModel& model) {
  size_t mixed = 0, all = 0;
  for (const KerasLayer& layer : model.layers) {
    if (layer.policy.empty() || layer.class_name == "InputLayer") continue;
    ++all;
    if (layer.policy == "mixed_float16") ++mixed;
  }
  return all > 0 && 2 * mixed >= all;
}

}  // namespace

void AddExpectedOptimizer(const Json& config, const KerasModel& model,
                          Layout* layout) {
  KerasOptimizer optimizer = ReadKerasOptimizer(FindOptimizer(config));
  // One of several optimizers each has its own part of the variables.
  if (optimizer.class_name.empty() || !optimizer.parts.empty()) return;
  if (!optimizer.scales_loss && IsMixedFloat16(model)) {
    optimizer.scales_loss = true;
    optimizer.scaler = "loss_scale_optimizer";
  }
  OptimizerWriter(optimizer, model, layout).Write();
  for (Variable& variable : layout->variables) {
    std::optional<uint64_t> elements = variable.shape.Elements();
    std::optional<uint32_t> bits = DTypeBits(variable.dtype);
    if (!variable.bytes && elements && bits &&
        *elements < (uint64_t{1} << 50)) {
      variable.bytes = *elements * *bits / 8;
    }
  }
}

}  // namespace ckptdiff
