#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// Words that any library may use.
bool IsCommonWord(std::string_view part) {
  return part == "weight" || part == "bias" ||
         std::all_of(part.begin(), part.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Two libraries of one framework: most names have no word in common.
bool NoWordInCommon(const Evidence& evidence) {
  const NameChanges& names = evidence.names();
  if (names.changes().size() * 10 < evidence.paired_weights() * 9 ||
      names.Signatures({ChangeKind::kRelabel}) < 4) {
    return false;
  }
  size_t strange = 0;
  for (const NameChange& change : names.changes()) {
    std::vector<std::string_view> from = NameParts(change.actual);
    std::vector<std::string_view> to = NameParts(change.expected);
    strange += std::none_of(from.begin(), from.end(), [&](auto part) {
      return !IsCommonWord(part) &&
             std::find(to.begin(), to.end(), part) != to.end();
    });
  }
  return strange * 2 > names.changes().size();
}

// How many of the changed names speak another library's language.
std::vector<size_t> Translated(const Evidence& evidence) {
  std::vector<size_t> translated =
      evidence.names().Of({ChangeKind::kVocabulary});
  const size_t words = translated.size();
  const std::vector<size_t> separators = evidence.names().SeparatorChanged();
  translated.insert(translated.end(), separators.begin(), separators.end());
  if (evidence.FrameworksDiffer() || NoWordInCommon(evidence)) {
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
  return evidence.FrameworksAgree() && !NoWordInCommon(evidence) &&
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
  const std::vector<size_t> others =
      evidence.OfAny({"renamed-variable", "transposed-variable",
                      "fused-variable", "split-variable"});
  translated.insert(translated.end(), others.begin(), others.end());
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
