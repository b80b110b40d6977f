#include "formats/keras/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "formats/keras/paths.h"
#include "formats/keras/variable_names.h"

namespace ckptdiff {
namespace {

// What the orders below were taken from: keras/src/optimizers/*.py of 3.0 to
// 3.15 and tf_keras/optimizers/*.py, each confirmed on files that the
// framework wrote.
struct ClassRuns {
  std::string_view class_name;
  std::vector<SlotRun> keras2;
  std::vector<SlotRun> keras3;
  std::vector<SlotRun> legacy = {};  // tf.keras up to 2.10, and since, on wish
};

const std::vector<ClassRuns>& Table() {
  static const auto* const table = new std::vector<ClassRuns>{
      {"Adam",
       {{{"m", "v"}}},
       {{{"momentum", "velocity"}}},
       {{{"m"}}, {{"v"}}}},
      {"AdamW", {{{"m", "v"}}}, {{{"momentum", "velocity"}}}},
      {"Nadam",
       {{{"m", "v"}}},
       {{{"momentum", "velocity"}}},
       {{{"m"}}, {{"v"}}}},
      {"Lamb", {}, {{{"momentum", "velocity"}}}},
      {"ScheduleFreeAdamW", {}, {{{"momentum", "velocity"}}}},
      {"Adamax", {{{"m", "u"}}}, {{{"momentum", "norm"}}}, {{{"m"}}, {{"v"}}}},
      {"Adadelta",
       {{{"accumulated_grad", "accumulated_delta_var"}}},
       {{{"accumulated_grad", "accumulated_delta_var"}}},
       {{{"accum_grad", "accum_var"}}}},
      {"Ftrl",
       {{{"accumulator", "linear"}}},
       {{{"accumulator", "linear"}}},
       {{{"accumulator", "linear"}}}},
      {"Adagrad",
       {{{"accumulator"}}},
       {{{"accumulator"}}},
       {{{"accumulator"}}}},
      {"Lion", {{{"m"}}}, {{{"momentum"}}}},
      {"SGD", {{{"m"}}}, {}},
      {"RMSprop", {{{"velocity"}}}, {{{"velocity"}}}, {{{"rms"}}}},
  };
  return *table;
}

bool IsTrue(const Json& config, std::string_view name) {
  return BoolOr(config, name, false);
}

bool IsAboveZero(const Json& config, std::string_view name) {
  const Json* member = Member(config, name);
  return member != nullptr && member->is_number() && member->get<double>() > 0;
}

// tf-keras marks the old classes by their module in a `.keras`, and the new
// ones by a member of their config in an HDF5.
bool IsLegacy(const Json& object, const Json& config) {
  return IsTrue(config, "is_legacy_optimizer") ||
         StringOr(object, "module").ends_with("optimizers.legacy");
}

// "Custom>Adam", "pkg>Mine" → what stands behind the package.
std::string BareClass(const std::string& class_name) {
  return class_name.substr(class_name.rfind('>') + 1);
}

// Keras 1 and the strings of compile("rmsprop") write classes in lower case.
std::string CanonicalClass(const std::string& class_name) {
  const std::string lower = Lower(class_name);
  for (std::string_view known :
       {"Adam", "AdamW", "Nadam", "Lamb", "ScheduleFreeAdamW", "Adamax",
        "Adadelta", "Ftrl", "Adagrad", "Lion", "SGD", "RMSprop", "Adafactor",
        "Muon"}) {
    if (Lower(known) == lower) return std::string(known);
  }
  return class_name;
}

void ReadSettings(const Json& config, KerasOptimizer* optimizer) {
  for (const auto& [name, value] : config.items()) {
    bool is_setting = name != "name" && !value.is_null() &&
                      name != "inner_optimizer" && name != "optimizer_map";
    if (!is_setting) continue;
    std::string json =
        value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (json.size() <= 1000) optimizer->settings.push_back({name, json});
  }
}

// {"optimizer_map": {"config": {"default_optimizer", "optimizer_map"}}}.
void ReadParts(const Json& config, int depth, KerasOptimizer* optimizer);

KerasOptimizer ReadAt(const Json* object, int depth) {
  KerasOptimizer optimizer;
  if (object == nullptr || depth > 4) return optimizer;
  if (object->is_string()) {
    optimizer.class_name = CanonicalClass(object->get<std::string>());
    return optimizer;
  }
  std::string class_name = BareClass(StringOr(*object, "class_name"));
  const Json* config = Member(*object, "config");
  if (config == nullptr) {
    optimizer.class_name = CanonicalClass(class_name);
    return optimizer;
  }
  if (const Json* inner = Member(*config, "inner_optimizer")) {
    optimizer = ReadAt(inner, depth + 1);
    optimizer.scales_loss = true;
    optimizer.scaler = StringOr(*config, "name");
    return optimizer;
  }
  ReadParts(*config, depth, &optimizer);
  optimizer.class_name = CanonicalClass(class_name);
  optimizer.name = StringOr(*config, "name");
  ReadSettings(*config, &optimizer);
  const Json* rate = Member(*config, "learning_rate");
  optimizer.has_own_schedule = rate != nullptr && rate->is_object();
  optimizer.is_legacy = IsLegacy(*object, *config);
  optimizer.use_ema = IsTrue(*config, "use_ema");
  optimizer.accumulates = IsAboveZero(*config, "gradient_accumulation_steps");
  optimizer.has_momentum = IsAboveZero(*config, "momentum");
  optimizer.amsgrad = IsTrue(*config, "amsgrad");
  optimizer.centered = IsTrue(*config, "centered");
  optimizer.exclude_embeddings = BoolOr(*config, "exclude_embeddings", true);
  const Json* excluded = Member(*config, "exclude_layers");
  if (excluded != nullptr && excluded->is_array()) {
    for (const Json& one : *excluded) {
      if (one.is_string()) {
        optimizer.exclude_layers.push_back(one.get<std::string>());
      }
    }
  }
  return optimizer;
}

void ReadParts(const Json& config, int depth, KerasOptimizer* optimizer) {
  const Json* map = Member(config, "optimizer_map");
  const Json* inner = map == nullptr ? nullptr : Member(*map, "config");
  if (inner == nullptr) return;
  if (const Json* rest = Member(*inner, "default_optimizer")) {
    optimizer->parts.push_back({"", ReadAt(rest, depth + 1)});
  }
  const Json* patterns = Member(*inner, "optimizer_map");
  if (patterns == nullptr || !patterns->is_object()) return;
  for (const auto& [pattern, object] : patterns->items()) {
    optimizer->parts.push_back({pattern, ReadAt(&object, depth + 1)});
  }
}

}  // namespace

KerasOptimizer ReadKerasOptimizer(const Json* object) {
  return ReadAt(object, 0);
}

namespace {

std::vector<SlotRun> LegacyRuns(const KerasOptimizer& optimizer) {
  std::vector<SlotRun> runs;
  for (const ClassRuns& one : Table()) {
    if (one.class_name == optimizer.class_name) runs = one.legacy;
  }
  const std::string& name = optimizer.class_name;
  if (name == "Adam" && optimizer.amsgrad) runs.push_back({{"vhat"}});
  if (name == "SGD" && optimizer.has_momentum) runs.push_back({{"momentum"}});
  if (name != "RMSprop") return runs;
  if (optimizer.has_momentum) runs[0].words.emplace_back("momentum");
  if (optimizer.centered) runs[0].words.emplace_back("mg");
  return runs;
}

}  // namespace

std::vector<SlotRun> SlotRuns(const KerasOptimizer& optimizer,
                              SlotDialect dialect) {
  if (optimizer.is_legacy) return LegacyRuns(optimizer);
  bool is_keras3 = dialect == SlotDialect::kKeras3;
  std::vector<SlotRun> runs;
  if (optimizer.use_ema) runs.push_back({{"average"}});
  if (optimizer.accumulates) runs.push_back({{"gradient_accumulator"}});
  for (const ClassRuns& one : Table()) {
    if (one.class_name != optimizer.class_name) continue;
    const std::vector<SlotRun>& own = is_keras3 ? one.keras3 : one.keras2;
    runs.insert(runs.end(), own.begin(), own.end());
  }
  const std::string& name = optimizer.class_name;
  if (name == "SGD" && is_keras3 && optimizer.has_momentum) {
    runs.push_back({{"momentum"}});
  }
  if (name == "RMSprop" && optimizer.has_momentum) {
    runs.push_back({{"momentum"}});
  }
  if (name == "RMSprop" && optimizer.centered) {
    runs.push_back({{"average_gradient"}});
  }
  if ((name == "Adam" || name == "AdamW") && optimizer.amsgrad) {
    runs.push_back({{is_keras3 ? "velocity_hat" : "vhat"}});
  }
  return runs;
}

bool MuonUsesAdam(const KerasOptimizer& optimizer, const std::string& variable,
                  const Shape& shape) {
  if (shape.dims.size() != 2) return true;
  const std::string lower = Lower(variable);
  if (optimizer.exclude_embeddings && lower.find("embedding") != lower.npos) {
    return true;
  }
  return std::ranges::any_of(optimizer.exclude_layers,
                             [&](const std::string& word) {
                               return variable.find(word) != std::string::npos;
                             });
}

std::string OptimizerScope(const KerasOptimizer& optimizer,
                           SlotDialect dialect) {
  if (!optimizer.name.empty()) return optimizer.name;
  if (optimizer.class_name.empty()) return "optimizer";
  return dialect == SlotDialect::kKeras3 ? SnakeCase(optimizer.class_name)
                                         : optimizer.class_name;
}

std::string SlotVariableName(const KerasOptimizer& optimizer,
                             SlotDialect dialect, const std::string& word,
                             std::string owner) {
  std::string scope = OptimizerScope(optimizer, dialect);
  if (optimizer.is_legacy) return fmt::format("{}/{}/{}", scope, owner, word);
  if (dialect != SlotDialect::kKeras3) {
    if (optimizer.scales_loss) scope.clear();
    return JoinScope(scope, JoinScope(word, owner));
  }
  std::ranges::replace(owner, '/', '_');
  return fmt::format("{}/{}_{}", scope, owner, word);
}

std::string AddOptimizer(const KerasOptimizer& optimizer, Layout* layout) {
  std::string base =
      optimizer.class_name.empty() ? "optimizer" : optimizer.class_name;
  std::string id = base;
  auto is_taken = [&](const Optimizer& one) { return one.id == id; };
  for (int n = 2; std::ranges::any_of(layout->optimizers, is_taken); ++n) {
    id = fmt::format("{}#{}", base, n);
  }
  Optimizer added;
  added.id = id;
  if (!optimizer.class_name.empty()) added.class_name = optimizer.class_name;
  added.settings = optimizer.settings;
  layout->optimizers.push_back(std::move(added));
  return id;
}

void NoteSlot(const std::string& optimizer_id, const std::string& slot,
              Layout* layout) {
  for (Optimizer& optimizer : layout->optimizers) {
    if (optimizer.id != optimizer_id) continue;
    auto found = std::ranges::find(optimizer.slots, slot);
    if (found == optimizer.slots.end()) optimizer.slots.push_back(slot);
  }
}

}  // namespace ckptdiff
