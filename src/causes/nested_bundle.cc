#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// What stands in the other entries of the same bundle: another model's.
std::vector<size_t> OfOtherEntries(const Evidence& evidence,
                                   std::string_view entry) {
  std::vector<size_t> found;
  for (size_t i : evidence.Absences()) {
    const Finding& finding = evidence.finding(i);
    if (finding.actual && NameParts(finding.actual->name).front() != entry) {
      found.push_back(i);
    }
  }
  return found;
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> nested = evidence.names().Of({ChangeKind::kBundle});
  if (nested.empty()) return {};
  const Finding& first = evidence.finding(nested.front());
  const bool in_checkpoint =
      first.actual->name.size() > first.expected->name.size();
  const std::string entry(
      NameParts(in_checkpoint ? first.actual->name : first.expected->name)
          .front());
  std::string summary =
      fmt::format("The {} is one entry of the bundle, {}: {} is {}.",
                  in_checkpoint ? "model" : "checkpoint", entry,
                  first.actual->name, first.expected->name);
  std::vector<Pattern> patterns = PatternsFor(evidence, nested);
  if (in_checkpoint) {
    const std::vector<size_t> others = OfOtherEntries(evidence, entry);
    nested.insert(nested.end(), others.begin(), others.end());
  }
  std::vector<Diagnosis> found = Explain(
      0.96, evidence.WithSlots(std::move(nested)), std::move(summary),
      in_checkpoint
          ? fmt::format("pass the entry instead of the bundle: "
                        "model.load_state_dict(torch.load(path)[\"{}\"]); to "
                        "compare it alone: --subtree {}",
                        entry, entry)
          : fmt::format("load into the entry of that name: "
                        "models[\"{}\"].load_state_dict(state_dict)",
                        entry));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kNestedBundle = {
    .info = {.id = "nested-bundle",
             .group = "files",
             .harmless = false,
             .summary = "the model is one entry of a larger bundle",
             .help = "Holds where the names of one side stand below the entry "
                     "that a training bundle keeps its model under (state_dict,"
                     " model_state_dict): the whole bundle was taken for the "
                     "model."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
