// What it costs to derive a model's layout from its config, against parsing
// the same JSON. The model is as large as the largest of keras.applications:
// 1,000 layers in blocks of a convolution, its statistics and an addition.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>

#include "ckptdiff/layout.h"
#include "container/json_doc.h"
#include "formats/keras_layers/expected_layout.h"
#include "formats/keras_layers/keras_model.h"

namespace {

// What Keras 3 writes beside what matters here.
constexpr const char* kCommon =
    R"("trainable": true, "dtype": {"module": "keras", "class_name": )"
    R"("DTypePolicy", "config": {"name": "float32"}, "registered_name": null})";

std::string Tensor(const std::string& layer) {
  return fmt::format(
      R"({{"class_name": "__keras_tensor__", "config": {{"shape": )"
      R"([null, 32, 32, 64], "dtype": "float32", "keras_history": )"
      R"(["{}", 0, 0]}}}})",
      layer);
}

std::string Layer(const std::string& class_name, const std::string& name,
                  const std::string& config, const std::string& input) {
  return fmt::format(
      R"(, {{"module": "keras.layers", "class_name": "{}", "config": )"
      R"({{"name": "{}", {}{}}}, "registered_name": null, "build_config": )"
      R"({{"input_shape": [null, 32, 32, 64]}}, "name": "{}", )"
      R"("inbound_nodes": [{{"args": [{}], "kwargs": {{}}}}]}})",
      class_name, name, kCommon, config, name, input);
}

std::string Config(int layers) {
  constexpr const char* kConv =
      R"(, "filters": 64, "kernel_size": [3, 3], "strides": [1, 1], )"
      R"("padding": "same", "data_format": "channels_last", )"
      R"("dilation_rate": [1, 1], "groups": 1, "activation": "linear", )"
      R"("use_bias": true, "kernel_initializer": {"module": )"
      R"("keras.initializers", "class_name": "GlorotUniform", "config": )"
      R"({"seed": null}, "registered_name": null}, "kernel_regularizer": null)";
  constexpr const char* kNorm =
      R"(, "axis": -1, "momentum": 0.99, "epsilon": 0.001, "center": true, )"
      R"("scale": true, "beta_constraint": null, "gamma_constraint": null)";
  std::string text =
      R"({"module": "keras.src.models.functional", "class_name": )"
      R"("Functional", "config": {"name": "model", "layers": [{"class_name": )"
      R"("InputLayer", "config": {"name": "x", "batch_shape": )"
      R"([null, 32, 32, 64]}, "name": "x", "inbound_nodes": []})";
  std::string last = "x";
  for (int i = 0; i < layers / 3; ++i) {
    std::string conv = fmt::format("conv_{}", i);
    std::string norm = fmt::format("norm_{}", i);
    std::string add = fmt::format("add_{}", i);
    text += Layer("Conv2D", conv, kConv, Tensor(last));
    text += Layer("BatchNormalization", norm, kNorm, Tensor(conv));
    text +=
        Layer("Add", add, "", "[" + Tensor(norm) + "," + Tensor(last) + "]");
    last = add;
  }
  return text + fmt::format(R"(], "input_layers": [["x", 0, 0]], )"
                            R"("output_layers": [["{}", 0, 0]]}}}})",
                            last);
}

void ParseKerasConfig(benchmark::State& state) {
  std::string text = Config(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(ckptdiff::ParseJson(text, "config"));
  }
}

// From the text, so parsing is part of it.
void DeriveKerasLayout(benchmark::State& state) {
  std::string text = Config(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    ckptdiff::Json json = ckptdiff::ParseJson(text, "config");
    auto model = ckptdiff::ReadKerasModel(json);
    benchmark::DoNotOptimize(ckptdiff::ExpectedLayout(*model));
  }
}

BENCHMARK(ParseKerasConfig)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(DeriveKerasLayout)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
