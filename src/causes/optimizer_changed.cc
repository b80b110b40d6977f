#include <fmt/format.h>
#include <set>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/optimizer_findings.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "rules/optimizer_state.h"

namespace ckptdiff {
namespace {

// Every variable lacks the same slots and has others: an option.
std::vector<std::string> MissingKinds(const Evidence& evidence) {
  std::set<std::string> missing, present;
  for (const Variable& slot : evidence.comparison().actual().variables) {
    if (slot.role == Role::kSlot && slot.slot) present.insert(slot.slot->slot);
  }
  for (size_t i : evidence.Of("missing-slot")) {
    const std::optional<Slot>& slot = evidence.finding(i).expected->slot;
    if (slot) missing.insert(slot->slot);
  }
  std::vector<std::string> kinds;
  for (const std::string& kind : missing) {
    if (present.contains(kind)) return {};
    kinds.push_back(kind);
  }
  return present.empty() ? std::vector<std::string>() : kinds;
}

// The same optimizer keeps more, or less: an option is set otherwise.
std::vector<Diagnosis> OfOptions(const Evidence& evidence) {
  std::vector<std::string> kinds = MissingKinds(evidence);
  const bool is_more = !kinds.empty();
  std::vector<size_t> findings;
  if (is_more) {
    findings = OfMissingSlots(evidence);
  } else {
    kinds = SurplusKinds(evidence);
    if (kinds.empty()) return {};
    for (size_t i : evidence.Of("unexpected-variable")) {
      if (evidence.finding(i).actual->role == Role::kSlot) {
        findings.push_back(i);
      }
    }
  }
  return Explain(
      0.9, std::move(findings),
      fmt::format("The optimizer keeps {} than the one that was saved: {}.",
                  is_more ? "more" : "less", Listed(kinds)),
      fmt::format("set the options of the optimizer as they were (amsgrad, "
                  "momentum, centered), or {}",
                  HowToSkipTheOptimizer(evidence.toolkit())));
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (!HasOptimizerMismatch(evidence)) return OfOptions(evidence);
  std::vector<size_t> findings = OfMissingSlots(evidence);
  std::string told;
  for (size_t i : evidence.Of("optimizer-mismatch")) {
    const Finding& finding = evidence.finding(i);
    if (!finding.expected) continue;
    findings.push_back(i);
    if (told.empty()) {
      told = fmt::format("{} became {}", finding.actual->name,
                         finding.expected->name);
    }
  }
  return Explain(0.96, std::move(findings),
                 fmt::format("The optimizer is of another kind: {}.", told),
                 fmt::format("{}; or train on with the optimizer of the "
                             "checkpoint",
                             HowToSkipTheOptimizer(evidence.toolkit())));
}

}  // namespace

extern const Cause kOptimizerChanged = {
    .info = {.id = "optimizer-changed",
             .group = "optimizer",
             .harmless = false,
             .summary = "the model is trained with another optimizer than the "
                        "checkpoint",
             .help = "Holds where the slots of checkpoint and model are those "
                     "of different kinds of optimizer, or of one kind with "
                     "another option (amsgrad, momentum)."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
