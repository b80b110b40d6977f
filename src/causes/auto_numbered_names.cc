#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> counted = evidence.names().Of({ChangeKind::kAutoNumber});
  if (counted.empty()) return {};
  const std::vector<std::string> layers = RenamedLayers(evidence, counted);
  std::vector<Pattern> patterns = PatternsFor(evidence, counted);
  std::string fix;
  switch (evidence.toolkit()) {
    case Toolkit::kTf1:
      fix = "call tf.compat.v1.reset_default_graph() before building the model";
      break;
    case Toolkit::kKeras:
    case Toolkit::kTf2:
      fix = "call keras.backend.clear_session() before building the model";
      break;
    default: fix = "build the model once per process"; break;
  }
  fix += ", or give the layers names of their own (name=\"…\"); or " +
         HowToRename(evidence, patterns);
  std::vector<Diagnosis> found =
      Explain(0.95 * Clarity(evidence, {ChangeKind::kAutoNumber}),
              evidence.WithSlots(std::move(counted)),
              fmt::format("Automatic numbers differ: {}.", Listed(layers)),
              std::move(fix));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kAutoNumberedNames = {
    .info = {.id = "auto-numbered-names",
             .group = "names",
             .harmless = false,
             .summary = "automatic names were counted up by a second build",
             .help = "Holds where names differ only in the number that the "
                     "framework appends (dense, dense_1, …; Adam, Adam_1): "
                     "layers or optimizers were created before, in the same "
                     "process or graph, so that the counter started later."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
