#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "layout/companions.h"

namespace ckptdiff {
namespace {

// The factor by which one axis is shorter in the checkpoint; 0: no such one.
int64_t Factor(const Finding& finding) {
  const std::vector<int64_t>& from = finding.actual->shape.dims;
  const std::vector<int64_t>& to = finding.expected->shape.dims;
  if (from.size() != to.size()) return 0;
  int64_t factor = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    if (from[i] == to[i]) continue;
    if (factor != 0 || from[i] <= 0 || to[i] % from[i] != 0) return 0;
    factor = to[i] / from[i];
  }
  return factor;
}

constexpr std::string_view kRemedy =
    "gather before saving (DeepSpeed: zero_to_fp32.py or "
    "stage3_gather_16bit_weights_on_model_save; FSDP: a full state dict), or "
    "load the sharded checkpoint as a whole";

// FSDP's parameters of a whole unit as one row of numbers: a local state dict.
std::vector<size_t> FlatParameters(const Evidence& evidence) {
  std::vector<size_t> flat;
  for (size_t i : evidence.Of("unexpected-variable")) {
    std::string_view leaf = NameParts(evidence.finding(i).actual->name).back();
    if (leaf.starts_with("_flat_param") || leaf.starts_with("flat_param")) {
      flat.push_back(i);
    }
  }
  return flat;
}

// The devices that an array was copied to: an axis in front that the model has
// not; 0: none.
int64_t Copies(const Finding& finding) {
  const std::vector<int64_t>& from = finding.actual->shape.dims;
  const std::vector<int64_t>& to = finding.expected->shape.dims;
  bool is_longer = from.size() == to.size() + 1 &&
                   std::equal(to.begin(), to.end(), from.begin() + 1);
  return is_longer ? from.front() : 0;
}

// Every array has the axis of jax_utils.replicate.
std::vector<Diagnosis> OfReplicas(const Evidence& evidence) {
  std::vector<size_t> findings = evidence.Of("shape-mismatch");
  if (findings.size() < 2 || findings.size() < evidence.paired_weights()) {
    return {};
  }
  const int64_t copies = Copies(evidence.finding(findings.front()));
  for (size_t i : findings) {
    if (copies == 0 || Copies(evidence.finding(i)) != copies) return {};
  }
  return Explain(0.95, std::move(findings),
                 fmt::format("Every array has one axis more in front, of {}: "
                             "the state was saved as it was replicated over "
                             "devices.",
                             copies),
                 "save one copy: flax.jax_utils.unreplicate(state), or take "
                 "[0] of every array");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (std::vector<size_t> flat = FlatParameters(evidence); !flat.empty()) {
    std::string summary = fmt::format(
        "The file holds flat parameters of FSDP, not the model's "
        "own: {}.",
        Listed(NamesOf(evidence, flat)));
    return Explain(0.97, evidence.Absences(), std::move(summary),
                   std::string(kRemedy));
  }
  std::vector<Diagnosis> replicas = OfReplicas(evidence);
  if (!replicas.empty()) return replicas;
  std::vector<size_t> empty, cut;
  int64_t factor = 0;
  bool is_one_factor = true;
  for (size_t i : evidence.Of("shape-mismatch")) {
    const Finding& finding = evidence.finding(i);
    if (finding.actual->shape.Elements() == 0u) {
      empty.push_back(i);
      continue;
    }
    // The rank of an adapter shows like this, too.
    int64_t one = IsCompanion(finding.expected->name) ? 0 : Factor(finding);
    is_one_factor &= one > 1 && (factor == 0 || factor == one);
    factor = one;
    cut.push_back(i);
  }
  // A wider model has both axes changed somewhere; a shard never has.
  const bool is_cut = empty.empty() && is_one_factor && cut.size() >= 4 &&
                      cut.size() * 3 >= evidence.paired_weights();
  if (empty.empty() && !is_cut) return {};
  std::string summary =
      is_cut ? fmt::format("The file holds one of {} shards of each array: {}.",
                           factor, Listed(NamesOf(evidence, cut)))
             : fmt::format("The file holds empty placeholders: {}.",
                           Listed(NamesOf(evidence, empty)));
  return Explain(0.97, is_cut ? std::move(cut) : std::move(empty),
                 std::move(summary), std::string(kRemedy));
}

}  // namespace

extern const Cause kShardedNotGathered = {
    .info = {.id = "sharded-not-gathered",
             .group = "files",
             .harmless = false,
             .summary = "the file holds one shard of each array, or empty "
                        "placeholders",
             .help = "Holds where arrays are empty, or all cut along one axis "
                     "by the same factor, or one flat row of numbers for many "
                     "(_flat_param), or copied along a new axis: the file was "
                     "written by one process "
                     "of a sharded run (ZeRO-3, FSDP, tensor parallelism) "
                     "without gathering first."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
