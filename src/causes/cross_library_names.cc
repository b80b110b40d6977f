#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// How many of the changed names speak another library's language.
std::vector<size_t> Translated(const Evidence& evidence) {
  std::vector<size_t> translated =
      evidence.names().Of({ChangeKind::kVocabulary});
  const size_t words = translated.size();
  const std::vector<size_t> separators = evidence.names().SeparatorChanged();
  translated.insert(translated.end(), separators.begin(), separators.end());
  if (evidence.FrameworksDiffer()) {
    for (const NameChange& change : evidence.names().changes()) {
      translated.push_back(change.finding);
    }
  } else if (words == 0 && separators.empty()) {
    return {};
  }
  std::sort(translated.begin(), translated.end());
  translated.erase(std::unique(translated.begin(), translated.end()),
                   translated.end());
  return translated;
}

// In one library, gamma → weight alone is its own history.
bool IsOwnHistory(const Evidence& evidence) {
  return evidence.FrameworksAgree() &&
         evidence.names().SeparatorChanged().empty() &&
         evidence.names().Signatures({ChangeKind::kVocabulary}) <= 2 &&
         evidence.Of("transposed-variable").empty();
}

std::string Example(const Evidence& evidence, size_t finding) {
  return fmt::format("{} is {}", evidence.finding(finding).actual->name,
                     evidence.finding(finding).expected->name);
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (evidence.names().empty() || evidence.names().of_slots()) return {};
  std::vector<size_t> translated = Translated(evidence);
  const size_t changed = evidence.names().changes().size();
  if (translated.size() * 3 < changed || IsOwnHistory(evidence)) return {};
  std::string summary = fmt::format(
      "{} in another library's words: {}.",
      Count(translated.size(), "variable is named", "variables are named"),
      Example(evidence, translated.front()));
  const size_t moved = evidence.Of("transposed-variable").size();
  if (moved > 0) {
    summary += fmt::format(" {} with it.", Count(moved, "array is transposed",
                                                 "arrays are transposed"));
  }
  // Arrays that are laid out otherwise belong to it.
  for (std::string_view rule : {"renamed-variable", "transposed-variable",
                                "fused-variable", "split-variable"}) {
    const std::vector<size_t>& more = evidence.Of(rule);
    translated.insert(translated.end(), more.begin(), more.end());
  }
  std::string fix =
      "convert the checkpoint with the importer of the library that the model "
      "comes from (transformers: from_pretrained(path, from_tf=True or "
      "from_flax=True); keras-hub: from_preset), or map the names and "
      "transforms that `--pairs` lists";
  return Explain(0.97, evidence.WithSlots(std::move(translated)),
                 std::move(summary), std::move(fix));
}

}  // namespace

extern const Cause kCrossLibraryNames = {
    .info = {.id = "cross-library-names",
             .group = "names",
             .harmless = false,
             .summary = "checkpoint and model use the words of different "
                        "libraries",
             .help = "Holds where names differ by the vocabulary or the "
                     "separators of two libraries: kernel and weight, gamma and"
                     " weight, moving_mean and running_mean, `/` and `.`; "
                     "arrays may be transposed or fused with it, as their "
                     "libraries have them."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
