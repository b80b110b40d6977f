#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "base/name_parts.h"
#include "base/text.h"
#include "causes/cause.h"
#include "causes/common_ground.h"
#include "causes/moved_keys.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

std::string ShapeOfName(std::string_view name) {
  std::string shape;
  for (char c : name) {
    bool is_digit = c >= '0' && c <= '9';
    if (is_digit && !shape.empty() && shape.back() == '#') continue;
    shape += is_digit ? '#' : c;
  }
  return shape;
}

const FindingSide& OnlySide(const Finding& finding) {
  return finding.expected ? *finding.expected : *finding.actual;
}

bool IsLayer(const Finding& finding) {
  return finding.rule == "missing-layer" || finding.rule == "unexpected-layer";
}

// Names but for numbers, with their shapes, of one side's paired variables.
std::unordered_set<std::string> PairedFamilies(const Comparison& comparison,
                                               bool of_expected) {
  std::unordered_set<std::string> families;
  for (const Pair& pair : comparison.pairing().pairs) {
    const Variable& variable = of_expected ? comparison.expected(pair.expected)
                                           : comparison.actual(pair.actual);
    if (!IsWeight(variable)) continue;
    families.insert(ShapeOfName(variable.name) + ToString(variable.shape));
  }
  return families;
}

// Every variable that is on one side only has a numbered sibling that is on
// both: there are more, or fewer, of the same layers.
bool IsDepth(const Evidence& evidence, const std::vector<size_t>& absences) {
  const bool of_expected =
      evidence.finding(absences.front()).expected.has_value();
  const auto families = PairedFamilies(evidence.comparison(), of_expected);
  return !std::all_of(absences.begin(), absences.end(), [&](size_t i) {
    return IsLayer(evidence.finding(i));
  }) && std::all_of(absences.begin(), absences.end(), [&](size_t i) {
    const Finding& finding = evidence.finding(i);
    if (finding.expected.has_value() != of_expected) return false;
    if (IsLayer(finding)) return true;
    const FindingSide& side = OnlySide(finding);
    return families.contains(ShapeOfName(side.name) + ToString(side.shape));
  });
}

// What all that is on one side, and is on the other side nowhere, are called:
// one kind of variable, and there are several.
std::string_view Flag(const Evidence& evidence,
                      const std::vector<size_t>& absences) {
  std::string_view kind;
  for (size_t i : absences) {
    const Finding& finding = evidence.finding(i);
    if (IsLayer(finding) ||
        finding.expected.has_value() !=
            evidence.finding(absences.front()).expected.has_value()) {
      return "";
    }
    const std::string_view name = LastPart(OnlySide(finding).name);
    if (!kind.empty() && kind != name) return "";
    kind = name;
  }
  return absences.size() < 2 ? "" : kind;
}

std::vector<Diagnosis> Depth(const Evidence& evidence,
                             const std::vector<size_t>& absences) {
  const bool is_missing =
      evidence.finding(absences.front()).expected.has_value();
  const std::vector<std::string> layers = LayersOf(evidence, absences);
  // Who counts layers finds those behind them at other numbers.
  std::vector<size_t> explained = MovedKeys(evidence, KeyMove::kIndex);
  explained.insert(explained.end(), absences.begin(), absences.end());
  std::string_view kind = Flag(evidence, absences);
  if (!kind.empty()) {
    return Explain(
        0.88, evidence.WithSlots(absences),
        fmt::format("Only the {} has {} in {}: a flag is set otherwise.",
                    is_missing ? "model" : "checkpoint", kind, Listed(layers)),
        fmt::format("build the model {} {} (use_bias, affine, scale, ...) as "
                    "it was saved",
                    is_missing ? "without" : "with", kind));
  }
  if (!IsDepth(evidence, absences)) return {};
  return Explain(
      0.92, evidence.WithSlots(std::move(explained)),
      fmt::format("The {} has more layers of the same kind: {}.",
                  is_missing ? "model" : "checkpoint", Listed(layers)),
      fmt::format("build the model with {} layers as in the checkpoint, or "
                  "load what both have: {}",
                  is_missing ? "as few" : "as many",
                  HowToLoadTheRest(evidence.toolkit())));
}

// One size that is another one throughout.
std::vector<Diagnosis> Width(const Evidence& evidence) {
  const std::vector<size_t> findings =
      evidence.Unclaimed(evidence.Of("shape-mismatch"));
  if (findings.empty()) return {};
  std::map<std::pair<int64_t, int64_t>, size_t> sizes;
  for (size_t i : findings) {
    const Shape& from = evidence.finding(i).actual->shape;
    const Shape& to = evidence.finding(i).expected->shape;
    if (!from.known || !to.known || from.dims.size() != to.dims.size()) {
      return {};
    }
    for (size_t d = 0; d < from.dims.size(); ++d) {
      if (from.dims[d] != to.dims[d]) ++sizes[{from.dims[d], to.dims[d]}];
    }
  }
  if (sizes.empty() ||
      sizes.size() > std::max<size_t>(2, findings.size() / 2)) {
    return {};
  }
  auto most = std::max_element(
      sizes.begin(), sizes.end(),
      [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<size_t> all = findings;
  const std::vector<size_t> slots =
      evidence.Unclaimed(evidence.Of("slot-shape-mismatch"));
  all.insert(all.end(), slots.begin(), slots.end());
  return Explain(
      0.9, std::move(all),
      fmt::format("A size differs throughout: {} in the checkpoint is {} in "
                  "the model ({}).",
                  most->first.first, most->first.second,
                  Listed(NamesOf(evidence, findings))),
      fmt::format("build the model with {} instead of {}, as in the "
                  "configuration that was saved with the checkpoint",
                  most->first.first, most->first.second));
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (NothingInCommon(evidence)) return {};
  const std::vector<size_t> absences = evidence.Unclaimed(evidence.Absences());
  std::vector<Diagnosis> found = Width(evidence);
  if (absences.empty()) return found;
  std::vector<Diagnosis> depth = Depth(evidence, absences);
  if (found.empty()) return depth;
  if (!depth.empty()) {  // one configuration, one diagnosis
    found.front().summary += " " + depth.front().summary;
    found.front().findings.insert(found.front().findings.end(),
                                  depth.front().findings.begin(),
                                  depth.front().findings.end());
    std::sort(found.front().findings.begin(), found.front().findings.end());
  }
  return found;
}

}  // namespace

extern const Cause kConfigMismatch = {
    .info = {.id = "config-mismatch",
             .group = "model",
             .harmless = false,
             .summary = "the model is configured otherwise: depth, width, or a "
                        "flag",
             .help = "Holds where what differs is regular: numbered layers of "
                     "which one side has more, one size that is another one "
                     "throughout, or one kind of variable (a bias, a gate) that"
                     " all layers of one side have."},
    .diagnose = DiagnoseIt,
    .turn = Turn::kGeneral,
};

}  // namespace ckptdiff
