#include <fmt/format.h>
#include <map>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// A change that is made throughout is made by a library, or by a script.
bool IsSystematic(const NameChanges& names) {
  std::map<std::string_view, size_t> counts;
  size_t hunks = 0;
  for (const NameChange& change : names.changes()) {
    for (const Hunk& hunk : change.hunks) {
      ++counts[hunk.signature];
      ++hunks;
    }
  }
  return counts.size() >= 2 && hunks >= 2 * counts.size();
}

bool HasReplacedAndMoved(const NameChanges& names) {
  bool is_replaced = false, is_moved = false;
  for (const NameChange& change : names.changes()) {
    for (const Hunk& hunk : change.hunks) {
      if (hunk.kind != ChangeKind::kRelabel &&
          hunk.kind != ChangeKind::kNesting) {
        continue;
      }
      is_moved |= hunk.removed.size() != hunk.added.size();
      is_replaced |= !hunk.removed.empty() && !hunk.added.empty();
    }
  }
  return is_replaced && is_moved;
}

std::string Versions(const Evidence& evidence) {
  const std::string& have = evidence.comparison().actual().source.writer;
  const std::string& want = evidence.comparison().expected().source.writer;
  if (have.empty() || want.empty() || have == want) return "";
  return fmt::format(" ({} wrote the checkpoint, the model is of {})", have,
                     want);
}

// What a module of PyTorch keeps beside its parameters (get_extra_state) is its
// library's own: TransformerEngine's versions differ in who has one.
std::vector<Diagnosis> OfExtraState(const Evidence& evidence) {
  std::vector<size_t> findings = evidence.Absences();
  std::erase_if(findings, [&](size_t i) {
    const Finding& finding = evidence.finding(i);
    return !(finding.expected ? finding.expected : finding.actual)
                ->name.ends_with("_extra_state");
  });
  if (findings.empty()) return {};
  const bool is_missing =
      evidence.finding(findings.front()).expected.has_value();
  std::string summary = fmt::format(
      "{} only in the {}: the library that the modules come from keeps other "
      "state than when the checkpoint was saved.",
      Count(findings.size(), "extra state is", "extra states are"),
      is_missing ? "model" : "checkpoint");
  return Explain(0.93, std::move(findings), std::move(summary),
                 "install the version that wrote the checkpoint, or load "
                 "without these: " +
                     HowToLoadTheRest(evidence.toolkit()));
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const NameChanges& names = evidence.names();
  if (names.empty() || names.of_slots() || evidence.FrameworksDiffer()) {
    return OfExtraState(evidence);
  }
  std::vector<size_t> findings;
  std::vector<size_t> words = names.Of({ChangeKind::kVocabulary});
  if (!words.empty() && evidence.FrameworksAgree() &&
      names.SeparatorChanged().empty() &&
      evidence.Of("transposed-variable").empty()) {
    findings = std::move(words);
  }
  if (IsSystematic(names) && HasReplacedAndMoved(names)) {
    std::vector<size_t> more =
        names.Of({ChangeKind::kRelabel, ChangeKind::kNesting,
                  ChangeKind::kPrefix, ChangeKind::kVocabulary});
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (findings.empty()) return OfExtraState(evidence);
  std::vector<Pattern> patterns = PatternsFor(evidence, findings);
  const Finding& first = evidence.finding(findings.front());
  std::string summary = fmt::format(
      "{} systematically, as between two versions of a library{}: {} is {}.",
      Count(findings.size(), "name changed", "names changed"),
      Versions(evidence), first.actual->name, first.expected->name);
  std::string fix = fmt::format(
      "install the version that wrote the checkpoint, or its converter; or "
      "{}",
      HowToRename(evidence, patterns));
  std::vector<Diagnosis> found =
      Explain(0.955, evidence.WithSlots(std::move(findings)),
              std::move(summary), std::move(fix));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kVersionDrift = {
    .info = {.id = "version-drift",
             .group = "model",
             .harmless = false,
             .summary = "a library renamed or re-nested its own variables "
                        "between versions",
             .help =
                 "Holds where both sides come from one framework, and "
                 "several systematic changes come together: parts renamed "
                 "and levels put in or taken out alike in all layers; or "
                 "the words of one library changed with its own history "
                 "(gamma and weight, weights and kernel); or the extra state "
                 "that its modules keep is on one side only."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
