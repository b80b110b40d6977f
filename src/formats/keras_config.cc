// The description of a Keras model as JSON, without its weights: what
// `model.to_json()` returns, `config.json` of a `.keras` archive, and the
// `model_config` of a full HDF5 model.
//
//   {"class_name": "Functional" | "Sequential" | ...,
//    "config": {"name": "mlp", "layers": [
//        {"class_name": "Dense", "config": {"name": "a", "units": 4, ...},
//         "build_config": {"input_shape": [null, 3]},     Keras 3,
//         tf-keras 2.13+ "inbound_nodes": [...]}, ...]}, Functional only
//    "keras_version": "2.15.0", "backend": "tensorflow",  Keras 1 and 2
//    "compile_config": {"optimizer": {...}}}              where it is compiled
//
// The config of Sequential was the bare list of layers up to Keras 2.2.2. What
// a layer's class makes of its config and its input stands in keras_layers/,
// one table entry a class; graph.cc tells the two dialects of inbound_nodes.
// The layers themselves are never imported, and no code (`Lambda`) is run.

#include <fmt/format.h>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/json_doc.h"
#include "formats/format.h"
#include "formats/keras_layers/expected_layout.h"
#include "formats/keras_layers/expected_optimizer.h"

namespace ckptdiff {
namespace {

constexpr size_t kHead = 4096;
constexpr uint64_t kLargestConfig = uint64_t{256} << 20;

// `json.dump(model.to_json(), file)` writes the JSON text as a JSON string.
bool IsQuoted(std::string_view head) { return head.starts_with("\"{"); }

Claim Detect(const Source& source, const ReadOptions&) {
  if (!source.is_file()) return {};
  std::string head = source.Peek(0, kHead);
  std::string_view text = head;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  if (!text.starts_with("{") && !IsQuoted(text)) return {};
  bool is_keras = text.find("class_name") != std::string_view::npos &&
                  text.find("config") != std::string_view::npos &&
                  text.find("\"schema\"") == std::string_view::npos;
  return {is_keras ? Match::kYes : Match::kNo, {}, {}};
}

Json ParseConfig(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  Json json = ParseJson(text, "config");
  if (json.is_string()) json = ParseJson(json.get<std::string>(), "config");
  return json;
}

void CheckIsModel(const KerasLayer& root) {
  if (root.is_model()) return;
  std::string class_name = Printable(root.class_name);
  if (root.known) {
    throw Corrupt("config", fmt::format("describes a layer ({}), not a model",
                                        class_name));
  }
  throw Unsupported(
      "config",
      fmt::format("{} is a class of its own, whose layers stand in no config",
                  class_name),
      "export the live model: ckptdiff.export(model, \"spec.json\") in Python");
}

Layout Read(const Source& source, const ReadOptions&) {
  Json json = ParseConfig(source.ReadAll(kLargestConfig));
  std::unique_ptr<KerasModel> model = ReadKerasModel(json);
  CheckIsModel(*model->root);
  Layout layout = ExpectedLayout(*model);
  AddExpectedOptimizer(json, *model, &layout);
  layout.source.format = "keras-config";
  return layout;
}

}  // namespace

extern constexpr Format kKerasConfig = {
    .id = "keras-config",
    .summary = "Keras model config: model.to_json(), config.json of a .keras",
    .extensions = "*.json",
    .is_checkpoint = false,
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
