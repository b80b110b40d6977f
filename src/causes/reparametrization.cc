#include <fmt/format.h>
#include <algorithm>
#include <unordered_set>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"
#include "causes/patterns.h"
#include "causes/phrases.h"
#include "layout/companions.h"

namespace ckptdiff {
namespace {

std::string_view Owner(std::string_view name) {
  size_t last = name.find_last_of("/.");
  return last == name.npos ? name : name.substr(0, last);
}

std::string_view NameOf(const Finding& finding) {
  return finding.expected ? finding.expected->name : finding.actual->name;
}

// The findings that speak of companions; and of the parameters that they
// stand for: `weight` of the same layer, gone on the other side.
std::vector<size_t> WithCompanions(const Evidence& evidence) {
  std::vector<size_t> found;
  std::unordered_set<std::string_view> owners;
  const std::vector<size_t> absences = evidence.Absences();
  for (size_t i : absences) {
    std::string_view name = NameOf(evidence.finding(i));
    if (!IsCompanion(name)) continue;
    found.push_back(i);
    size_t inside = name.find(".parametrizations.");
    owners.insert(inside == name.npos ? Owner(name) : name.substr(0, inside));
  }
  if (found.empty()) return found;
  for (size_t i : absences) {
    std::string_view name = NameOf(evidence.finding(i));
    if (!IsCompanion(name) &&
        (owners.contains(Owner(name)) || owners.contains(name))) {
      found.push_back(i);
    }
  }
  return found;
}

// Batch norms of the one side, biases of convolutions on the other: folded.
std::vector<size_t> FoldedNorms(const Evidence& evidence) {
  const std::vector<size_t>& gone = evidence.Of("unexpected-variable");
  const std::vector<size_t>& fresh = evidence.Of("missing-variable");
  auto all = [&](const std::vector<size_t>& findings, auto holds) {
    return !findings.empty() &&
           std::all_of(findings.begin(), findings.end(), [&](size_t i) {
             std::string_view name = NameOf(evidence.finding(i));
             return holds(LastPart(name));
           });
  };
  auto is_bias = [](std::string_view leaf) { return leaf == "bias"; };
  auto is_norm = [](std::string_view leaf) {
    return leaf == "weight" || leaf == "bias" || leaf == "gamma" ||
           leaf == "beta" || leaf.starts_with("running_") ||
           leaf.starts_with("moving_") || leaf == "num_batches_tracked";
  };
  auto has_statistics = [&](const std::vector<size_t>& findings) {
    return std::any_of(findings.begin(), findings.end(), [&](size_t i) {
      std::string_view name = NameOf(evidence.finding(i));
      return name.ends_with("running_var") || name.ends_with("moving_variance");
    });
  };
  const bool folded_in_model =
      all(fresh, is_bias) && all(gone, is_norm) && has_statistics(gone);
  const bool folded_in_file =
      all(gone, is_bias) && all(fresh, is_norm) && has_statistics(fresh);
  return folded_in_model || folded_in_file ? evidence.Absences()
                                           : std::vector<size_t>();
}

// Adapters on more layers of the one side: both have such companions, and no
// parameter stands in for what is missing.
bool IsOtherChoiceOfLayers(const Evidence& evidence,
                           const std::vector<size_t>& companions) {
  const bool of_expected =
      evidence.finding(companions.front()).expected.has_value();
  const bool is_one_sided =
      std::all_of(companions.begin(), companions.end(), [&](size_t i) {
        return evidence.finding(i).expected.has_value() == of_expected &&
               IsCompanion(NameOf(evidence.finding(i)));
      });
  const Comparison& comparison = evidence.comparison();
  const std::vector<Pair>& pairs = comparison.pairing().pairs;
  return is_one_sided &&
         std::any_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
           return IsCompanion(comparison.actual(pair.actual).name) &&
                  IsCompanion(comparison.expected(pair.expected).name);
         });
}

std::vector<Diagnosis> OfAdapters(const Evidence& evidence) {
  return Explain(
      0.97, evidence.Absences(),
      fmt::format("The file holds adapters alone ({}), not the weights that "
                  "they change.",
                  Listed(NamesOf(evidence, evidence.Of("unexpected-layer")))),
      "load the base model from its own checkpoint and put the adapters on it: "
      "peft.PeftModel.from_pretrained(model, path)");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (evidence.paired_weights() == 0 &&
      IsOfCompanions(evidence.comparison().actual())) {
    return OfAdapters(evidence);
  }
  std::vector<size_t> renamed =
      evidence.names().Of({ChangeKind::kParametrization});
  std::vector<size_t> companions = WithCompanions(evidence);
  if (companions.empty() && renamed.empty()) {
    std::vector<size_t> folded = FoldedNorms(evidence);
    return Explain(
        0.95, std::move(folded),
        "Batch norms were folded into their convolutions on one side.",
        "fuse the model as well (torch.ao.quantization.fuse_modules), or go "
        "back to the checkpoint before fusing");
  }
  if (renamed.empty() && IsOtherChoiceOfLayers(evidence, companions)) return {};
  std::vector<size_t> findings = renamed;
  findings.insert(findings.end(), companions.begin(), companions.end());
  const std::vector<std::string> names = NamesOf(evidence, findings);
  // PEFT also wraps the model that it puts adapters into.
  std::vector<size_t> wrapped = evidence.names().Of({ChangeKind::kWrapper});
  const bool is_peft =
      std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.find("base_model.model.") != std::string::npos;
      });
  if (is_peft || !renamed.empty()) {
    findings.insert(findings.end(), wrapped.begin(), wrapped.end());
  }
  const bool in_checkpoint =
      !companions.empty()
          ? evidence.finding(companions.front()).actual.has_value()
          : !IsCompanion(evidence.finding(renamed.front()).expected->name);
  std::string fix =
      in_checkpoint
          ? "apply the same method to the model before loading "
            "(torch.nn.utils.parametrizations.weight_norm, "
            "peft.PeftModel.from_pretrained), or merge it into the weights "
            "before saving (remove_weight_norm, merge_and_unload)"
          : "load the plain weights first and apply the method afterwards "
            "(weight_norm, spectral_norm, get_peft_model)";
  return Explain(
      0.99, evidence.WithSlots(std::move(findings)),
      fmt::format("The {} stores parameters in parts of a "
                  "reparametrization: {}.",
                  in_checkpoint ? "checkpoint" : "model", Listed(names)),
      std::move(fix));
}

}  // namespace

extern const Cause kReparametrization = {
    .info = {.id = "reparametrization",
             .group = "names",
             .harmless = false,
             .summary =
                 "one side stores parameters in parts or with companions",
             .help = "Holds where variables of a reparametrization stand on one"
                     " side only, or under its names: weight_norm (weight_g, "
                     "weight_v, parametrizations.weight.original0), "
                     "spectral_norm, LoRA and other adapters (lora_A, lora_B, "
                     "base_layer), quantization (qweight, scales, absmax), and "
                     "batch norms folded into their convolutions."},
    .diagnose = DiagnoseIt,
};

}  // namespace ckptdiff
