#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> nested = evidence.names().Of({ChangeKind::kBundle});
  if (nested.empty()) return {};
  const Finding& first = evidence.finding(nested.front());
  std::string summary =
      fmt::format("The model is one entry of the bundle: {} is {}.",
                  first.actual->name, first.expected->name);
  std::string entry(NameParts(first.actual->name).front());
  std::vector<Pattern> patterns = PatternsFor(evidence, nested);
  std::vector<Diagnosis> found =
      Explain(0.96, evidence.WithSlots(std::move(nested)), std::move(summary),
              fmt::format("pass the entry instead of the bundle: "
                          "model.load_state_dict(torch.load(path)[\"{}\"])",
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
