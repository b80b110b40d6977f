#include <fmt/format.h>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  const std::vector<size_t>& findings = evidence.Of("untracked-variable");
  if (findings.empty()) return {};
  const std::vector<std::string> names = NamesOf(evidence, findings);
  const std::string& name = names.front();
  const std::string_view leaf = LastPart(name);
  std::string fix;
  switch (evidence.toolkit()) {
    case Toolkit::kTorch:
      fix = fmt::format(
          "self.{} = nn.Parameter(...) or "
          "self.register_buffer(\"{}\", ...)",
          leaf, leaf);
      break;
    case Toolkit::kKeras:
      fix = fmt::format("self.{} = self.add_weight(name=\"{}\", shape=...)",
                        leaf, leaf);
      break;
    case Toolkit::kFlax:
      fix = fmt::format("self.param(\"{}\", init, shape)", leaf);
      break;
    default:
      fix = fmt::format(
          "tf.Variable(..., name=\"{}\"), kept as an attribute "
          "of the layer",
          leaf);
  }
  return Explain(
      0.96, findings,
      fmt::format("{} never saved although the rest of {} was: a plain tensor, "
                  "not a variable.",
                  names.size() == 1 ? name + " was" : Listed(names) + " were",
                  Listed(LayersOf(evidence, findings))),
      fmt::format("make it a variable and save again: {}", fix));
}

}  // namespace

extern const Cause kUntrackedVariableCause = {
    .info = {.id = "untracked-variable",
             .group = "tracking",
             .harmless = false,
             .summary = "a plain tensor, or an object that nobody holds, was "
                        "never saved",
             .help = "Holds where a layer is in the checkpoint and one of its "
                     "variables is not, without a trace: it is a tensor or an "
                     "array and no variable, or it hangs on an object that the "
                     "model does not track."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
