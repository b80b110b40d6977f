#include <fmt/format.h>
#include <map>
#include <optional>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "causes/vocabulary_size.h"

namespace ckptdiff {
namespace {

// Which dimension differs, where exactly one does.
struct Resize {
  size_t axis = 0;
  int64_t from = 0, to = 0;
};

std::optional<Resize> OneDimension(const Shape& from, const Shape& to) {
  if (!from.known || !to.known || from.dims.size() != to.dims.size()) return {};
  std::optional<Resize> one;
  for (size_t i = 0; i < from.dims.size(); ++i) {
    if (from.dims[i] == to.dims[i]) continue;
    if (one) return {};
    one = Resize{i, from.dims[i], to.dims[i]};
  }
  return one;
}

// The outputs are the first axis in PyTorch, the last one elsewhere.
bool IsOutput(const Evidence& evidence, const Shape& shape, size_t axis) {
  if (shape.dims.size() < 2) return true;
  return axis ==
         (evidence.toolkit() == Toolkit::kTorch ? 0 : shape.dims.size() - 1);
}

std::vector<Diagnosis> Found(const Evidence& evidence,
                             const std::vector<size_t>& findings,
                             const std::string& layer, const Resize& outputs) {
  std::vector<size_t> all = findings;
  const std::vector<size_t>& slots = evidence.Of("slot-shape-mismatch");
  all.insert(all.end(), slots.begin(), slots.end());
  return Explain(
      0.93, evidence.WithSlots(std::move(all)),
      fmt::format("Layer {} has {} outputs in the checkpoint and {} in the "
                  "model: another number of classes or actions.",
                  layer, outputs.from, outputs.to),
      fmt::format("build the model with {} outputs to use all of it, or load "
                  "without {}: {}",
                  outputs.from, layer, HowToLoadTheRest(evidence.toolkit())));
}

// Shapes of one layer that differ in the same number of outputs only.
std::vector<Diagnosis> Resized(const Evidence& evidence) {
  std::vector<size_t> findings = evidence.Of("shape-mismatch");
  std::erase_if(findings, [&](size_t i) {
    return IsEmbedding(evidence, evidence.finding(i));
  });
  if (findings.empty()) return {};
  std::optional<Resize> outputs;
  for (size_t i : findings) {
    const Finding& finding = evidence.finding(i);
    if (IsPositionTable(finding.expected->name)) return {};
    std::optional<Resize> one =
        OneDimension(finding.actual->shape, finding.expected->shape);
    if (!one || !IsOutput(evidence, finding.actual->shape, one->axis)) {
      return {};
    }
    if (outputs && (outputs->from != one->from || outputs->to != one->to)) {
      return {};
    }
    outputs = one;
  }
  const std::vector<std::string> layers = LayersOf(evidence, findings);
  // The vocabulary was resized, and its output with it.
  if (layers.size() > 2 || VocabularyChanged(evidence, outputs->to)) return {};
  return Found(evidence, findings, Listed(layers), *outputs);
}

// The findings of a layer that is on one side only: its variables and itself.
struct Lone {
  std::vector<size_t> findings;
  std::vector<const FindingSide*> variables;
};

std::map<std::string, Lone> LoneLayers(const Evidence& evidence,
                                       std::string_view layer_rule,
                                       std::string_view variable_rule) {
  std::map<std::string, Lone> layers;
  for (size_t i : evidence.Of(layer_rule)) {
    const Finding& finding = evidence.finding(i);
    const FindingSide& side =
        finding.expected ? *finding.expected : *finding.actual;
    layers[side.name].findings.push_back(i);
    if (layers.size() > 2) return {};  // more than a head
  }
  for (size_t i : evidence.Of(variable_rule)) {
    std::vector<std::string> layer = LayersOf(evidence, {i});
    auto found = layer.empty() ? layers.end() : layers.find(layer.front());
    if (found == layers.end()) continue;
    const Finding& finding = evidence.finding(i);
    found->second.findings.push_back(i);
    found->second.variables.push_back(finding.expected ? &*finding.expected
                                                       : &*finding.actual);
  }
  return layers;
}

// One layer is gone and another one new, alike but for the outputs.
std::vector<Diagnosis> RenamedToo(const Evidence& evidence) {
  const auto gone =
      LoneLayers(evidence, "unexpected-layer", "unexpected-variable");
  const auto fresh = LoneLayers(evidence, "missing-layer", "missing-variable");
  if (gone.size() != 1 || fresh.size() != 1) return {};
  const Lone& old_head = gone.begin()->second;
  const Lone& new_head = fresh.begin()->second;
  if (old_head.variables.empty() ||
      old_head.variables.size() != new_head.variables.size()) {
    return {};
  }
  std::optional<Resize> outputs;
  for (size_t i = 0; i < old_head.variables.size(); ++i) {
    std::optional<Resize> one = OneDimension(old_head.variables[i]->shape,
                                             new_head.variables[i]->shape);
    if (!one || (outputs && outputs->to != one->to)) return {};
    outputs = one;
  }
  std::vector<size_t> findings = old_head.findings;
  findings.insert(findings.end(), new_head.findings.begin(),
                  new_head.findings.end());
  return Found(evidence, findings,
               gone.begin()->first == fresh.begin()->first
                   ? gone.begin()->first
                   : fmt::format("{} (now {})", gone.begin()->first,
                                 fresh.begin()->first),
               *outputs);
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<Diagnosis> found = Resized(evidence);
  return found.empty() ? RenamedToo(evidence) : found;
}

}  // namespace

extern const Cause kHeadReplaced = {
    .info = {.id = "head-replaced",
             .group = "shapes",
             .harmless = false,
             .summary = "the last layer has another number of outputs",
             .help = "Holds where the weights of one layer, mostly the last, "
                     "differ in the number of outputs alone (classes, actions),"
                     " with its bias, and nothing behind it has to follow; also"
                     " where that layer has another name at the same time."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
