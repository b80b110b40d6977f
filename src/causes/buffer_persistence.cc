#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

constexpr std::array<std::string_view, 15> kBuffers = {
    "num_batches_tracked",
    "position_ids",
    "inv_freq",
    "relative_position_index",
    "relative_coords_table",
    "attn_mask",
    "masked_bias",
    "token_type_ids",
    "seed_generator_state",
    "rope_freqs",
    "freqs_cis",
    "cos_cached",
    "sin_cached",
    "total_ops",
    "total_params"};

bool IsBuffer(const FindingSide& side) {
  const std::string_view leaf = LastPart(side.name);
  if (std::find(kBuffers.begin(), kBuffers.end(), leaf) != kBuffers.end()) {
    return true;
  }
  // The causal mask of GPT-2: attn.bias [1, 1, n, n].
  return leaf == "bias" && side.shape.dims.size() == 4 &&
         side.shape.dims[0] == 1 && side.shape.dims[1] == 1;
}

// Who would still refuse: the note names the loader that does not bear it.
std::string_view StricterLoader(Toolkit toolkit, bool is_missing) {
  if (toolkit != Toolkit::kTf2) {
    return "a bare strict load_state_dict would refuse it: "
           "model.load_state_dict(state_dict, strict=False)";
  }
  return is_missing ? ".assert_existing_objects_matched() would refuse it"
                    : kTf2OnUnusedValues;
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  std::vector<size_t> findings;
  for (size_t i : evidence.Absences()) {
    const Finding& finding = evidence.finding(i);
    const FindingSide& side =
        finding.expected ? *finding.expected : *finding.actual;
    if (IsBuffer(side)) findings.push_back(i);
  }
  if (findings.empty()) return {};
  const bool is_missing =
      evidence.finding(findings.front()).expected.has_value();
  std::string summary = fmt::format(
      "{} only in the {}: {}. Harmless, {}.",
      Count(findings.size(), "buffer is", "buffers are"),
      is_missing ? "model" : "checkpoint", Listed(NamesOf(evidence, findings)),
      is_missing ? "made anew with the model" : "the model computes them");
  std::string fix = fmt::format("nothing; {}",
                                StricterLoader(evidence.toolkit(), is_missing));
  return Explain(0.97, evidence.WithLayers(std::move(findings)),
                 std::move(summary), std::move(fix));
}

}  // namespace

extern const Cause kBufferPersistence = {
    .info = {.id = "buffer-persistence",
             .group = "model",
             .harmless = true,
             .summary = "a buffer that is computed anyway is saved on one side "
                        "only",
             .help = "Holds for counters, position ids, rotary frequencies and "
                     "masks that a library began or ceased to save: they are "
                     "made anew with the model. Usual loaders pass over them; a"
                     " bare strict load_state_dict refuses them."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
