// Slots are made when the optimizer is built, one of each kind for every
// variable of model.trainable_variables. Names, for the weight `mlp/a/kernel`:
//
//   Keras 3          adam/mlp_a_kernel_momentum     optimizer's name, slot last
//   Keras 2.11+      Adam/m/mlp/a/kernel            class, slot, variable
//
// with the scalars `iteration` and, in Keras 3 without a schedule,
// `learning_rate` in front; before them those of a LossScaleOptimizer. Nadam of
// Keras 3 keeps one more.

#include "formats/keras_layers/expected_optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "ckptdiff/dtype.h"
#include "formats/keras/optimizer.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

class OptimizerWriter {
 public:
  OptimizerWriter(const KerasOptimizer& optimizer, SlotDialect dialect,
                  Layout* layout)
      : optimizer_(optimizer),
        dialect_(dialect),
        layout_(layout),
        weights_(layout->variables.size()) {}

  void Write() {
    id_ = AddOptimizer(optimizer_, layout_);
    size_t start = layout_->variables.size();
    for (const SlotRun& run : SlotRuns(optimizer_, dialect_)) {
      for (size_t i = 0; i < weights_; ++i) {
        for (const std::string& word : run.words) AddSlot(i, word);
      }
    }
    for (size_t i = 0; i < weights_; ++i) {
      if (optimizer_.class_name == "Adafactor") AddAdafactor(i);
      if (optimizer_.class_name == "Muon") AddMuon(i);
    }
    // A class of the user's own: what it keeps, nobody knows.
    if (layout_->variables.size() == start && !IsWithoutSlots()) return;
    AddScalars(start);
  }

 private:
  bool keras3() const { return dialect_ == SlotDialect::kKeras3; }
  bool IsWithoutSlots() const { return optimizer_.class_name == "SGD"; }

  std::string Scope() const {
    if (!keras3()) return optimizer_.class_name;
    if (!optimizer_.name.empty()) return optimizer_.name;
    std::string lower = optimizer_.class_name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    return lower;
  }

  std::string SlotName(const std::string& weight, const std::string& word) {
    if (!keras3()) return fmt::format("{}/{}/{}", Scope(), word, weight);
    // Adafactor's factors bear the variable's own name alone.
    if (word == "r" || word == "c") {
      return fmt::format("{}/{}", Scope(),
                         weight.substr(weight.rfind('/') + 1));
    }
    std::string flat = weight;
    std::ranges::replace(flat, '/', '_');
    return fmt::format("{}/{}_{}", Scope(), flat, word);
  }

  void AddSlot(size_t weight, const std::string& word) {
    if (layout_->variables[weight].trainable != true) return;
    AddSlot(weight, word, layout_->variables[weight].shape);
  }

  void AddSlot(size_t weight, const std::string& word, Shape shape) {
    const Variable& owner = layout_->variables[weight];
    std::string slot = CanonicalSlot(dialect_, optimizer_.class_name, word);
    Variable variable;
    variable.name = SlotName(owner.name, word);
    variable.dtype = owner.dtype;
    variable.shape = std::move(shape);
    variable.role = slot == "average" ? Role::kAverage : Role::kSlot;
    variable.slot =
        Slot{slot == "average" ? "" : id_, slot, owner.name, owner.key, word};
    if (slot != "average") NoteSlot(id_, slot, layout_);
    layout_->variables.push_back(std::move(variable));
  }

  // Factored from rank 2 on: the mean over the last axis, and over the one
  // before it.
  void AddAdafactor(size_t weight) {
    Shape shape = layout_->variables[weight].shape;
    if (layout_->variables[weight].trainable != true) return;
    if (shape.known && shape.dims.size() >= 2) {
      Shape row = shape;
      row.dims.pop_back();
      Shape column = shape;
      column.dims.erase(column.dims.end() - 2);
      AddSlot(weight, "r", row);
      AddSlot(weight, "c", column);
    }
    AddSlot(weight, keras3() ? "velocity" : "v", shape);
  }

  // Matrices keep a momentum; what Muon leaves to Adam, a velocity too.
  void AddMuon(size_t weight) {
    const Variable& owner = layout_->variables[weight];
    if (owner.trainable != true) return;
    std::string name = owner.name;
    auto holds = [&](std::string_view word) {
      return name.find(word) != std::string::npos;
    };
    bool adam = owner.shape.dims.size() != 2 ||
                (optimizer_.exclude_embeddings && holds("embedding")) ||
                std::ranges::any_of(optimizer_.exclude_layers, holds);
    AddSlot(weight, "momentum");
    if (adam) AddSlot(weight, "velocity");
  }

  void AddScalars(size_t position) {
    std::vector<Variable> scalars;
    auto add = [&](std::string name, std::string dtype) {
      Variable& scalar = scalars.emplace_back();
      scalar.name = std::move(name);
      scalar.shape = Shape::Of({});
      scalar.dtype = std::move(dtype);
      scalar.role = Role::kOptimizer;
    };
    if (keras3() && !optimizer_.scaler.empty()) {
      const std::string& scaler = optimizer_.scaler;
      add(scaler + "/iteration", "int64");
      add(scaler + "/learning_rate", "float32");
      add(scaler + "/step_counter", "");  // int32 or int64
      add(scaler + "/dynamic_scale", "float32");
    }
    add(keras3() ? Scope() + "/iteration" : "iteration", "int64");
    if (keras3() && !optimizer_.has_own_schedule) {
      add(Scope() + "/learning_rate", "float32");
    }
    if (keras3() && optimizer_.class_name == "Nadam") {
      add(Scope() + "/variable", "float32");
    }
    layout_->variables.insert(
        layout_->variables.begin() + static_cast<std::ptrdiff_t>(position),
        scalars.begin(), scalars.end());
  }

  const KerasOptimizer& optimizer_;
  SlotDialect dialect_;
  Layout* layout_;
  size_t weights_;  // those of the model stand in front
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

}  // namespace

void AddExpectedOptimizer(const Json& config, const KerasModel& model,
                          Layout* layout) {
  KerasOptimizer optimizer = ReadKerasOptimizer(FindOptimizer(config));
  // One of several optimizers each has its own part of the variables.
  if (optimizer.class_name.empty() || !optimizer.parts.empty()) return;
  SlotDialect dialect = model.dialect == KerasDialect::kKeras3
                            ? SlotDialect::kKeras3
                            : SlotDialect::kKeras2;
  OptimizerWriter(optimizer, dialect, layout).Write();
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
