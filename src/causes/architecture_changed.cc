#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/common_ground.h"
#include "causes/moved_keys.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (NothingInCommon(evidence)) return {};
  std::vector<size_t> findings = evidence.Absences();
  const std::vector<size_t> reshaped =
      evidence.OfAny({"shape-mismatch", "slot-shape-mismatch"});
  findings.insert(findings.end(), reshaped.begin(), reshaped.end());
  const std::vector<size_t> shifted = MovedKeys(evidence, KeyMove::kIndex);
  findings.insert(findings.end(), shifted.begin(), shifted.end());
  findings = evidence.Unclaimed(std::move(findings));
  if (findings.empty()) return {};
  std::vector<size_t> fresh, gone, resized, moved;
  for (size_t i : findings) {
    const Finding& finding = evidence.finding(i);
    bool is_shifted = finding.rule == "renamed-variable";
    (!finding.actual     ? fresh
     : !finding.expected ? gone
     : is_shifted        ? moved
                         : resized)
        .push_back(i);
  }
  std::vector<std::string> told;
  auto tell = [&](const std::vector<size_t>& some, std::string_view how) {
    if (some.empty()) return;
    told.push_back(fmt::format("{} {}", Listed(LayersOf(evidence, some)), how));
  };
  tell(fresh, "only in the model");
  tell(gone, "only in the checkpoint");
  tell(resized, "of another shape");
  tell(moved, "counted otherwise");
  return Explain(
      0.75, evidence.WithSlots(std::move(findings)),
      fmt::format("The code changed since the save: {}.",
                  fmt::join(told, "; ")),
      fmt::format(
          "check out the code that wrote the checkpoint{}, or load "
          "what both have: {}",
          evidence.comparison().actual().source.writer.empty()
              ? ""
              : " (" + evidence.comparison().actual().source.writer + ")",
          HowToLoadTheRest(evidence.toolkit())));
}

}  // namespace

extern const Cause kArchitectureChanged = {
    .info = {.id = "architecture-changed",
             .group = "model",
             .harmless = false,
             .summary = "layers were added, removed or resized in the code "
                        "since the save",
             .help =
                 "Holds where layers or variables are on one side only, or "
                 "have other shapes, and no more regular cause explains it."},
    .diagnose = DiagnoseIt,
    .turn = Turn::kLast,
};

}  // namespace ckptdiff
