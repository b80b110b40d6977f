#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::string Told(const FrontChange& front) {
  if (front.removed.empty()) {
    return fmt::format("{} stands in front of all of them in the model",
                       front.added);
  }
  if (front.added.empty()) {
    return fmt::format("{} stands in front of all of them in the checkpoint",
                       front.removed);
  }
  return fmt::format("{} became {}", front.removed, front.added);
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> moved = evidence.names().Of({ChangeKind::kPrefix});
  if (moved.empty()) return {};
  // Only TF1's slots stand in scopes; elsewhere their tree is the optimizer's.
  if (evidence.names().of_slots() && evidence.toolkit() != Toolkit::kTf1) {
    return {};
  }
  const FrontChange& front = evidence.names().front();
  std::vector<Pattern> patterns = PatternsFor(evidence, moved);
  std::string summary = fmt::format(
      "{} moved to another scope: {}.",
      Count(moved.size(),
            evidence.names().of_slots() ? "optimizer variable" : "variable"),
      Told(front));
  std::string fix =
      fmt::format("build the {} {} as when it was saved, or {}",
                  evidence.names().of_slots() ? "optimizer" : "model",
                  front.removed.empty() ? "outside of " + front.added
                                        : "under " + front.removed,
                  HowToRename(evidence, patterns));
  std::vector<Diagnosis> found = Explain(
      0.96 * Clarity(evidence, {ChangeKind::kPrefix}),
      evidence.WithSlots(std::move(moved)), std::move(summary), std::move(fix));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kScopePrefix = {
    .info = {.id = "scope-prefix",
             .group = "names",
             .harmless = false,
             .summary = "a name scope or base-model prefix was added, removed "
                        "or changed",
             .help = "Holds where the same change stands at the front of all "
                     "names, or of all names of one scope: the model was built "
                     "under another tf.name_scope or tf.variable_scope, as an "
                     "attribute of another module, or with and without the "
                     "prefix of its base class."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
