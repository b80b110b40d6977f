#include "causes/vocabulary_size.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "base/ascii.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 5> kWords = {"embed", "wte", "vocab",
                                                    "lookup", "shared"};

// "emb", "tok_emb", "embs.0", but not "member".
bool HasShortWord(std::string_view name) {
  for (size_t at = name.find("emb"); at != name.npos;
       at = name.find("emb", at + 1)) {
    if (at == 0 ||
        std::isalpha(static_cast<unsigned char>(name[at - 1])) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool IsPositionTable(std::string_view name) {
  constexpr std::array<std::string_view, 4> kTables = {"wpe", "position",
                                                       "pos_emb", "posemb"};
  const std::string lower = Lower(name);
  return std::any_of(kTables.begin(), kTables.end(), [&](std::string_view one) {
    return lower.find(one) != std::string::npos;
  });
}

bool IsEmbedding(const Evidence& evidence, const Finding& finding) {
  const std::vector<int64_t>& from = finding.actual->shape.dims;
  const std::vector<int64_t>& to = finding.expected->shape.dims;
  if (from.size() != 2 || to.size() != 2) return false;
  if (from[0] == to[0] || from[1] != to[1]) return false;
  size_t layer =
      evidence.comparison().expected_layers().Of(finding.expected->variable);
  // A layer of words has no bias, and is called so.
  if (layer != LayerIndex::kNone && evidence.comparison()
                                            .expected_layers()
                                            .entries()[layer]
                                            .variables.size() > 1) {
    return false;
  }
  const std::string name = Lower(finding.expected->name);
  if (name.find("pos") != std::string::npos) return false;
  return HasShortWord(name) ||
         std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
           return name.find(word) != std::string::npos;
         });
}

bool VocabularyChanged(const Evidence& evidence, int64_t rows) {
  const std::vector<size_t>& findings = evidence.Of("shape-mismatch");
  return std::any_of(findings.begin(), findings.end(), [&](size_t i) {
    const Finding& finding = evidence.finding(i);
    return IsEmbedding(evidence, finding) &&
           finding.expected->shape.dims[0] == rows;
  });
}

}  // namespace ckptdiff
