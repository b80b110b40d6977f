#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/moved_keys.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<std::string> Levels(const NameChanges& names) {
  std::vector<std::string> levels;
  for (const NameChange& change : names.changes()) {
    for (const Hunk& hunk : change.hunks) {
      if (hunk.kind != ChangeKind::kNesting) continue;
      bool is_gone = hunk.added.empty();
      std::string level = fmt::format(
          "{} {}", fmt::join(is_gone ? hunk.removed : hunk.added, "."),
          is_gone ? "is gone" : "is new");
      if (std::find(levels.begin(), levels.end(), level) == levels.end()) {
        levels.push_back(std::move(level));
      }
    }
    if (levels.size() > 8) break;
  }
  return levels;
}

std::vector<Diagnosis> OfKeys(const Evidence& evidence) {
  std::vector<size_t> moved = MovedKeys(evidence, KeyMove::kDeeper);
  if (moved.empty()) return {};
  const std::string first = MoveOf(evidence, moved.front());
  // What stands behind them is counted otherwise.
  const std::vector<size_t> shifted = MovedKeys(evidence, KeyMove::kIndex);
  moved.insert(moved.end(), shifted.begin(), shifted.end());
  std::string summary = fmt::format(
      "{} under another object path: {}.",
      Count(moved.size(), "variable stands", "variables stand"), first);
  return Explain(
      0.93, evidence.WithSlots(std::move(moved)), std::move(summary),
      "hold the layers in the object that held them when the checkpoint was "
      "saved, or restore that part itself: tf.train.Checkpoint(…).restore(path)"
      " with the attributes of the checkpoint");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> moved = evidence.names().Of({ChangeKind::kNesting});
  if (moved.empty() || evidence.names().of_slots()) return OfKeys(evidence);
  std::vector<Pattern> patterns = PatternsFor(evidence, moved);
  std::string summary =
      fmt::format("{} in another container: {}.",
                  Count(moved.size(), "variable stands", "variables stand"),
                  Listed(Levels(evidence.names())));
  std::string fix =
      fmt::format("{}; or restore the part itself instead of the whole",
                  HowToRename(evidence, patterns));
  std::vector<Diagnosis> found = Explain(
      0.93 * Clarity(evidence, {ChangeKind::kNesting}),
      evidence.WithSlots(std::move(moved)), std::move(summary), std::move(fix));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kContainerPathChanged = {
    .info = {.id = "container-path-changed",
             .group = "names",
             .harmless = false,
             .summary = "variables stand one nesting level deeper or higher",
             .help = "Holds where whole parts were put into the names or taken "
                     "out of them, inside or for some of the variables only: "
                     "layers were moved into a container, or out of one."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
