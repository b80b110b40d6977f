#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/moved_keys.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// `renamed` is "dense1 → dense_1".
std::string HowToName(std::string_view renamed) {
  constexpr std::string_view kArrow = " → ";
  size_t arrow = renamed.find(kArrow);
  return fmt::format(
      "name the layers as they were saved (\"{}\" in place of \"{}\", …)",
      renamed.substr(0, arrow), renamed.substr(arrow + kArrow.size()));
}

std::vector<Diagnosis> OfAttributes(const Evidence& evidence) {
  std::vector<size_t> moved = MovedKeys(evidence, KeyMove::kAttribute);
  if (moved.empty()) return {};
  std::string summary =
      fmt::format("{} under attributes with other names: {}.",
                  Count(moved.size(), "variable stands", "variables stand"),
                  MoveOf(evidence, moved.front()));
  return Explain(0.92, evidence.WithSlots(std::move(moved)), std::move(summary),
                 "name the attributes that hold the layers as they were when "
                 "the checkpoint was saved");
}

// Weights that are missing and unexpected in equal numbers, and could be one
// another: renamed, but nothing tells which is which.
std::vector<size_t> Interchangeable(const Evidence& evidence) {
  const Comparison& comparison = evidence.comparison();
  std::vector<bool> missing(comparison.expected().variables.size());
  std::vector<bool> unexpected(comparison.actual().variables.size());
  for (const Ambiguity& set : comparison.pairing().ambiguous) {
    if (set.actual.size() != set.expected.size()) continue;
    for (size_t i : set.expected) missing[i] = true;
    for (size_t i : set.actual) unexpected[i] = true;
  }
  std::vector<size_t> found;
  for (size_t i : evidence.Absences()) {
    const Finding& finding = evidence.finding(i);
    const bool is_missing = finding.expected.has_value();
    const std::vector<bool>& open = is_missing ? missing : unexpected;
    const size_t at =
        (is_missing ? finding.expected : finding.actual)->variable;
    if (at < open.size() && open[at]) found.push_back(i);
  }
  return found;
}

std::vector<Diagnosis> OfTwins(const Evidence& evidence) {
  std::vector<size_t> twins = Interchangeable(evidence);
  if (twins.empty()) return {};
  std::vector<size_t> missing = twins;
  std::erase_if(missing,
                [&](size_t i) { return !evidence.finding(i).expected; });
  const Finding& first = evidence.finding(missing.front());
  std::vector<std::string> either;
  for (const Candidate& candidate : first.candidates) {
    either.push_back(candidate.name);
  }
  return Explain(
      0.85, evidence.WithSlots(evidence.WithLayers(std::move(twins))),
      fmt::format("{} renamed, and nothing tells which is which: {} was one of "
                  "{}.",
                  Count(missing.size(), "variable was", "variables were"),
                  first.expected->name, Listed(either)),
      "name the layers as they were saved; where both sides hold values, "
      "--content tells them apart");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> renamed = evidence.names().Of(
      {ChangeKind::kRelabel, ChangeKind::kIndex, ChangeKind::kSpelling});
  if (renamed.empty() || evidence.names().of_slots()) {
    std::vector<Diagnosis> found = OfAttributes(evidence);
    return found.empty() ? OfTwins(evidence) : found;
  }
  const std::vector<std::string> layers = RenamedLayers(evidence, renamed);
  std::vector<Pattern> patterns = PatternsFor(evidence, renamed);
  std::string fix = fmt::format("{}, or {}", HowToName(layers.front()),
                                HowToRename(evidence, patterns));
  std::vector<Diagnosis> found = Explain(
      0.92 * Clarity(evidence, {ChangeKind::kRelabel, ChangeKind::kIndex,
                                ChangeKind::kSpelling}),
      evidence.WithSlots(std::move(renamed)),
      fmt::format("{} renamed: {}.",
                  layers.size() == 1
                      ? std::string("1 layer was")
                      : fmt::format("{} layers were", layers.size()),
                  Listed(layers)),
      std::move(fix));
  found.front().patterns = std::move(patterns);
  for (Diagnosis& twins : OfTwins(evidence)) found.push_back(std::move(twins));
  return found;
}

}  // namespace

extern const Cause kLayersRenamed = {
    .info = {.id = "layers-renamed",
             .group = "names",
             .harmless = false,
             .summary = "layers have other names in the code than in the "
                        "checkpoint",
             .help =
                 "Holds where variables are there under names of which "
                 "inner or leading parts were replaced: a layer got another"
                 " name, a list is counted from another number, words are "
                 "spelled otherwise. Shapes and the rest of the names "
                 "agree. Where several could be one another, they are left open"
                 " and this is said of all of them together."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
