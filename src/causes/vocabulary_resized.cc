#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "causes/vocabulary_size.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  std::string name;
  int64_t from = 0, to = 0;
  for (size_t i : evidence.Of("shape-mismatch")) {
    const Finding& finding = evidence.finding(i);
    if (!IsEmbedding(evidence, finding)) continue;
    findings.push_back(i);
    if (!name.empty()) continue;
    name = finding.expected->name;
    from = finding.actual->shape.dims[0];
    to = finding.expected->shape.dims[0];
  }
  if (findings.empty()) return {};
  // The output over the same words follows.
  for (size_t i : evidence.Of("shape-mismatch")) {
    const std::vector<int64_t>& dims = evidence.finding(i).expected->shape.dims;
    if (std::find(dims.begin(), dims.end(), to) != dims.end()) {
      findings.push_back(i);
    }
  }
  const std::vector<size_t>& slots = evidence.Of("slot-shape-mismatch");
  findings.insert(findings.end(), slots.begin(), slots.end());
  std::string fix =
      evidence.toolkit() == Toolkit::kTorch
          ? fmt::format(
                "build the model with {} words, or call "
                "model.resize_token_embeddings({}) after loading the "
                "old size",
                from, to)
          : fmt::format(
                "build the model with {} words, load, and copy the "
                "rows into an embedding of {}",
                from, to);
  return Explain(0.95, std::move(findings),
                 fmt::format("The vocabulary was resized: {} has {} rows in "
                             "the checkpoint and {} in the model.",
                             name, from, to),
                 std::move(fix));
}

}  // namespace

extern const Cause kVocabularyResized = {
    .info = {.id = "vocabulary-resized",
             .group = "shapes",
             .harmless = false,
             .summary = "the embedding has another number of rows",
             .help = "Holds where an embedding (and the output layer over the "
                     "same words) differs in its number of rows alone: tokens "
                     "were added, or the tokenizer is another one."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
