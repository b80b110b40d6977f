#include <fmt/format.h>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// The first wrapper's part, as it stands in the names.
std::string PartOf(const NameChanges& names, bool* is_in_checkpoint) {
  for (const NameChange& change : names.changes()) {
    for (const Hunk& hunk : change.hunks) {
      if (hunk.kind != ChangeKind::kWrapper) continue;
      *is_in_checkpoint = !hunk.removed.empty();
      std::string part;
      for (std::string_view word :
           *is_in_checkpoint ? hunk.removed : hunk.added) {
        part += word;
        part +=
            NameSeparator(*is_in_checkpoint ? change.actual : change.expected);
      }
      return part;
    }
  }
  return "";
}

// AveragedModel counts its updates beside the wrapped model.
void AddCounter(const Evidence& evidence, std::vector<size_t>* findings) {
  for (size_t i : evidence.Of("unexpected-variable")) {
    if (evidence.finding(i).actual->name == "n_averaged") {
      findings->push_back(i);
    }
  }
}

std::string WhoWraps(std::string_view part) {
  if (part.find("_orig_mod") != part.npos) return "torch.compile";
  if (part.find("_fsdp_") != part.npos) return "FSDP";
  if (part.find("_forward_module") != part.npos) return "Fabric or DeepSpeed";
  if (part.find("_checkpoint_") != part.npos) return "activation checkpointing";
  if (part.find("base_model") != part.npos) return "PEFT";
  if (part.find("module") != part.npos) return "DataParallel or DDP";
  return "an attribute that holds the model";
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> wrapped = evidence.names().Of({ChangeKind::kWrapper});
  if (wrapped.empty()) return {};
  bool is_in_checkpoint = false;
  const std::string part = PartOf(evidence.names(), &is_in_checkpoint);
  std::vector<Pattern> patterns = PatternsFor(evidence, wrapped);
  std::string summary = fmt::format(
      "{} by {}: the {} wrapped ({}), the {} not.",
      Count(wrapped.size(), "name differs", "names differ"), part,
      is_in_checkpoint ? "checkpoint was saved" : "model is", WhoWraps(part),
      is_in_checkpoint ? "model is" : "checkpoint was");
  std::string fix = fmt::format(
      "{}, or {}",
      is_in_checkpoint ? "load into the wrapped model, or save the inner one"
                       : "load before wrapping the model",
      HowToRename(evidence, patterns));
  AddCounter(evidence, &wrapped);
  std::vector<Diagnosis> found = Explain(
      0.97 * Clarity(evidence, {ChangeKind::kWrapper, ChangeKind::kPrefix}),
      evidence.WithSlots(std::move(wrapped)), std::move(summary),
      std::move(fix));
  found.front().patterns = std::move(patterns);
  return found;
}

}  // namespace

extern const Cause kWrapperPrefix = {
    .info = {.id = "wrapper-prefix",
             .group = "names",
             .harmless = false,
             .summary = "a wrapper put its own part into the names, or took it "
                        "out",
             .help =
                 "Holds where names differ by the part that a wrapper adds:"
                 " `module.` (DataParallel, DDP, AveragedModel), "
                 "`_orig_mod.` (torch.compile), `_forward_module.` (Fabric,"
                 " DeepSpeed), `_fsdp_wrapped_module.`, `base_model.`, "
                 "`model.` (a Lightning attribute), at the front or inside."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
