#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 8> kOutputs = {
    "lm_head",      "decoder",  "predictions", "output",
    "logits_layer", "proj_out", "lm_loss",     "embed_out"};
constexpr std::array<std::string_view, 12> kEmbeddings = {"wte",
                                                          "embed_tokens",
                                                          "word_embeddings",
                                                          "shared",
                                                          "tok_embeddings",
                                                          "token_embd",
                                                          "word_embedding",
                                                          "token_embedding",
                                                          "embed_in",
                                                          "tokens_embed",
                                                          "embeddings",
                                                          "embedding"};

template <size_t N>
bool HasPart(std::string_view name,
             const std::array<std::string_view, N>& words) {
  for (std::string_view part : NameParts(name)) {
    if (std::find(words.begin(), words.end(), part) != words.end()) return true;
  }
  return false;
}

// Shapes of the embeddings that are on both sides.
std::set<std::vector<int64_t>> EmbeddingShapes(const Comparison& comparison) {
  std::set<std::vector<int64_t>> shapes;
  for (const Pair& pair : comparison.pairing().pairs) {
    const Variable& variable = comparison.expected(pair.expected);
    if (variable.role == Role::kWeight && variable.shape.dims.size() == 2 &&
        HasPart(variable.name, kEmbeddings)) {
      shapes.insert(variable.shape.dims);
    }
  }
  return shapes;
}

std::string_view StorageOf(const Variable& variable) {
  return variable.tied_to.empty() ? variable.name : variable.tied_to;
}

// The storages with several names that found a partner under one of them: any
// may be the one that was kept.
std::set<std::string_view> SharedAndThere(const Comparison& comparison,
                                          bool is_expected) {
  const std::vector<Variable>& side = is_expected
                                          ? comparison.expected().variables
                                          : comparison.actual().variables;
  std::set<std::string_view> shared, there;
  for (const Variable& variable : side) {
    if (!variable.tied_to.empty()) shared.insert(variable.tied_to);
  }
  for (size_t i = 0; i < side.size(); ++i) {
    const std::string_view storage = StorageOf(side[i]);
    const bool is_there = is_expected ? comparison.ExpectedIsPlaced(i)
                                      : comparison.ActualIsPlaced(i);
    if (is_there && shared.contains(storage)) there.insert(storage);
  }
  return there;
}

bool IsAlias(const Comparison& comparison, const FindingSide& side,
             bool is_expected, const std::set<std::string_view>& there,
             const std::set<std::vector<int64_t>>& embeddings) {
  if (side.variable == FindingSide::kNoVariable) return false;
  const Variable& variable = is_expected ? comparison.expected(side.variable)
                                         : comparison.actual(side.variable);
  if (there.contains(StorageOf(variable))) return true;
  return side.role == Role::kWeight && embeddings.contains(side.shape.dims) &&
         (HasPart(side.name, kOutputs) || HasPart(side.name, kEmbeddings));
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  if (evidence.Absences().empty()) return {};
  const auto embeddings = EmbeddingShapes(comparison);
  const auto of_actual = SharedAndThere(comparison, /*is_expected=*/false);
  const auto of_expected = SharedAndThere(comparison, /*is_expected=*/true);
  std::vector<size_t> findings;
  for (size_t i : evidence.Absences()) {
    const Finding& finding = evidence.finding(i);
    const bool is_expected = finding.expected.has_value();
    const FindingSide& side = is_expected ? *finding.expected : *finding.actual;
    if (IsAlias(comparison, side, is_expected,
                is_expected ? of_expected : of_actual, embeddings)) {
      findings.push_back(i);
    }
  }
  if (findings.empty()) return {};
  const std::vector<std::string> names = NamesOf(evidence, findings);
  return Explain(
      0.97, evidence.WithLayers(std::move(findings)),
      fmt::format(
          "{} an alias of the embedding and stored once. Harmless.",
          names.size() == 1 ? names.front() + " is" : Listed(names) + " are"),
      "nothing: from_pretrained ties it again; after a bare "
      "load_state_dict(state_dict, strict=False) call model.tie_weights()");
}

}  // namespace

extern const Cause kTiedWeights = {
    .info = {.id = "tied-weights",
             .group = "model",
             .harmless = true,
             .summary = "an alias of another variable is stored once",
             .help = "Holds where a missing variable shares its storage with "
                     "one that is there, or is the output layer over an "
                     "embedding of the same shape: the library stores it once "
                     "and ties it after loading. A bare strict load_state_dict "
                     "refuses the file."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
