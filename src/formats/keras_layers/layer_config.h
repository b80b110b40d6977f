// One layer's `config` object, read with checks: a number that no layer can
// have is an error that names the layer.

#ifndef CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CONFIG_H_
#define CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CONFIG_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/keras_layers/keras_model.h"

namespace ckptdiff {

// What Keras 3 made of a layer's large matrix, for fewer bits.
struct Quantization {
  std::string mode;  // "int8", "float8", "int4", ...; empty: nothing
  // Of mode "int4/128": 128. "int4/-1" is -1, a whole channel; nullopt: an
  // older int4, which packs otherwise.
  std::optional<int64_t> int4_block;
  int64_t float8_history = 1024;

  bool operator==(const Quantization&) const = default;
};

// The model under construction, and what it may still cost: a config of a few
// KiB must not make gigabytes of layers and names (wrappers in wrappers, and
// models called twice, double at every level).
struct BuildState {
  KerasModel* model;
  uint64_t budget;  // bytes, roughly
  // The number in the name of the innermost model's input: of "input_layer_3".
  std::optional<int64_t> input_number = {};
  size_t unnamed_variables = 0;
  // Of all layers that can be quantised; attention does not write its own.
  Quantization quantization = {};
  // `shared_object_id`: a layer that two models hold is written twice.
  std::map<int64_t, KerasLayer*> shared = {};

  bool keras3() const { return model->dialect == KerasDialect::kKeras3; }
  void Spend(uint64_t bytes);  // throws ParseError where nothing is left
};

class LayerConfig {
 public:
  // `where` names the layer in errors. `state` and `json` must outlive this.
  LayerConfig(BuildState& state, const Json& json, std::string where)
      : state_(&state), json_(&json), where_(std::move(where)) {}

  BuildState& state() const { return *state_; }
  const Json& json() const { return *json_; }
  const std::string& where() const { return where_; }
  bool keras3() const { return state_->keras3(); }

  // A whole number above 0, under the first of these names that is there.
  int64_t Size(std::initializer_list<std::string_view> names) const;
  int64_t Size(std::string_view name) const { return Size({name}); }
  std::optional<int64_t> OptionalSize(std::string_view name) const;
  int64_t Int(std::string_view name, int64_t fallback) const;
  // Whole numbers: one, or a list. Empty where there are none.
  std::vector<int64_t> Ints(std::string_view name) const;
  // `rank` whole numbers ≥ 0; a single one stands for all of them.
  std::vector<int64_t> Sizes(std::initializer_list<std::string_view> names,
                             size_t rank,
                             std::optional<int64_t> fallback) const;
  bool Flag(std::string_view name, bool fallback) const;
  std::string Text(std::string_view name, std::string_view fallback) const;
  bool Has(std::string_view name) const;  // there, and not null

  bool ChannelsFirst() const;
  // "channels_first" → 1, else the last of `rank`.
  size_t ChannelAxis(size_t rank) const;
  // Of the variables that a layer with this config makes.
  std::string VariableDType() const;
  // What the layer computes in: "float16" of "mixed_float16".
  std::string ComputeDType() const;
  // "float32", "mixed_float16"; of a quantised one, what it came from.
  std::string PolicyName() const;
  Quantization Quantized() const;

  [[noreturn]] void Fail(std::string what) const;

 private:
  const Json* Find(std::initializer_list<std::string_view> names) const;

  BuildState* state_;
  const Json* json_;
  std::string where_;
};

// [null, 3] as a Shape; unknown for anything else.
Shape ShapeFromJson(const Json& json);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_LAYERS_LAYER_CONFIG_H_
