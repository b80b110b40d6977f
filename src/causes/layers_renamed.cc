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

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> renamed = evidence.names().Of(
      {ChangeKind::kRelabel, ChangeKind::kIndex, ChangeKind::kSpelling});
  if (renamed.empty() || evidence.names().of_slots()) {
    return OfAttributes(evidence);
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
  return found;
}

}  // namespace

extern const Cause kLayersRenamed = {
    .info = {.id = "layers-renamed",
             .group = "names",
             .harmless = false,
             .summary = "layers have other names in the code than in the "
                        "checkpoint",
             .help = "Holds where variables are there under names of which "
                     "inner or leading parts were replaced: a layer got another"
                     " name, a list is counted from another number, words are "
                     "spelled otherwise. Shapes and the rest of the names "
                     "agree."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
