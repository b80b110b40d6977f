#include "causes/evidence.h"

#include <algorithm>
#include <utility>

namespace ckptdiff {
namespace {

// Families whose names are alike.
std::string_view Family(const SourceInfo& source) {
  std::string_view framework = source.framework;
  if (framework == "torch" || framework == "pytorch" ||
      framework == "lightning") {
    return "pytorch";
  }
  if (framework == "tensorflow" || framework == "keras" ||
      framework == "tf-keras" || framework == "tf_keras") {
    return "tensorflow";
  }
  if (framework == "flax" || framework == "jax" || framework == "orbax") {
    return "flax";
  }
  return framework;
}

Toolkit ToolkitOf(const SourceInfo& source) {
  if (Family(source) == "pytorch") return Toolkit::kTorch;
  if (Family(source) == "flax") return Toolkit::kFlax;
  if (source.framework == "tensorflow") {
    if (source.format.starts_with("keras")) return Toolkit::kKeras;
    return source.addressed_by == AddressedBy::kName ? Toolkit::kTf1
                                                     : Toolkit::kTf2;
  }
  return Family(source) == "tensorflow" ? Toolkit::kKeras : Toolkit::kOther;
}

size_t PairedWeights(const Comparison& comparison) {
  const std::vector<Pair>& pairs = comparison.pairing().pairs;
  return static_cast<size_t>(
      std::count_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
        return IsWeight(comparison.expected(pair.expected));
      }));
}

size_t PairedSlots(const Comparison& comparison) {
  const std::vector<Pair>& pairs = comparison.pairing().pairs;
  return static_cast<size_t>(
      std::count_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
        return IsSlot(comparison.expected(pair.expected));
      }));
}

}  // namespace

Evidence::Evidence(const Comparison& comparison,
                   std::span<const Finding> findings)
    : comparison_(&comparison),
      findings_(findings),
      paired_weights_(PairedWeights(comparison)),
      claimed_(findings.size()) {
  std::vector<size_t> renamed;
  bool is_weight_renamed = false;
  for (size_t i = 0; i < findings.size(); ++i) {
    by_rule_[findings[i].rule].push_back(i);
    if (findings[i].rule == "renamed-variable" &&
        findings[i].actual->name != findings[i].expected->name) {
      renamed.push_back(i);
      is_weight_renamed |= findings[i].expected->role != Role::kOptimizer;
    }
  }
  size_t all = paired_weights_;
  if (!is_weight_renamed) {
    all = PairedSlots(comparison) + renamed.size();
    const std::vector<size_t>& slots = Of("renamed-slot");
    renamed.insert(renamed.end(), slots.begin(), slots.end());
  }
  names_ = NameChanges(findings, renamed, all, !is_weight_renamed);
  const SourceInfo& have = comparison.actual().source;
  const SourceInfo& want = comparison.expected().source;
  toolkit_ = ToolkitOf(want);
  if (toolkit_ == Toolkit::kOther) toolkit_ = ToolkitOf(have);
  const bool are_known = !have.framework.empty() && !want.framework.empty();
  frameworks_differ_ = are_known && Family(have) != Family(want);
  frameworks_agree_ = are_known && !frameworks_differ_;
}

const std::vector<size_t>& Evidence::Of(std::string_view rule) const {
  static const std::vector<size_t> none;
  auto found = by_rule_.find(rule);
  return found == by_rule_.end() ? none : found->second;
}

std::vector<size_t> Evidence::OfAny(
    std::initializer_list<std::string_view> rules) const {
  std::vector<size_t> all;
  for (std::string_view rule : rules) {
    const std::vector<size_t>& more = Of(rule);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<size_t> Evidence::Absences() const {
  std::vector<size_t> absences =
      OfAny({"missing-variable", "unexpected-variable", "missing-layer",
             "unexpected-layer"});
  std::erase_if(absences, [this](size_t i) {
    const Finding& finding = findings_[i];
    const FindingSide& side =
        finding.expected ? *finding.expected : *finding.actual;
    return side.role != Role::kWeight;
  });
  return absences;
}

Evidence::Marks Evidence::Told(const std::vector<size_t>& variables) const {
  Marks told{std::vector<bool>(comparison_->expected().variables.size()),
             std::vector<bool>(comparison_->actual().variables.size())};
  for (size_t i : variables) {
    const std::optional<FindingSide>& expected = findings_[i].expected;
    const std::optional<FindingSide>& actual = findings_[i].actual;
    if (expected && expected->variable < told.expected.size()) {
      told.expected[expected->variable] = true;
    } else if (!expected && actual && actual->variable < told.actual.size()) {
      told.actual[actual->variable] = true;
    }
  }
  return told;
}

std::vector<size_t> Evidence::WithSlots(std::vector<size_t> variables) const {
  if (Of("renamed-slot").empty() && Of("orphan-slot").empty()) {
    return variables;
  }
  const auto [is_renamed, is_gone] = Told(variables);
  for (size_t i : Of("renamed-slot")) {
    size_t owner =
        comparison_->OwnerOfExpected(findings_[i].expected->variable);
    if (owner != Comparison::kNone && is_renamed[owner]) variables.push_back(i);
  }
  for (size_t i : Of("orphan-slot")) {
    size_t owner = comparison_->OwnerOfActual(findings_[i].actual->variable);
    if (owner != Comparison::kNone && is_gone[owner]) variables.push_back(i);
  }
  return variables;
}

std::vector<size_t> Evidence::WithLayers(std::vector<size_t> variables) const {
  const auto [is_fresh, is_gone] = Told(variables);
  auto add = [&](std::string_view rule, const LayerIndex& layers,
                 const std::vector<bool>& are_told) {
    for (size_t i : Of(rule)) {
      const Finding& finding = findings_[i];
      const size_t layer = layers.Find(
          (finding.expected ? finding.expected : finding.actual)->name);
      if (layer == LayerIndex::kNone) continue;
      const std::vector<size_t>& of_layer = layers.entries()[layer].variables;
      if (std::all_of(of_layer.begin(), of_layer.end(),
                      [&](size_t v) { return are_told[v]; })) {
        variables.push_back(i);
      }
    }
  };
  add("missing-layer", comparison_->expected_layers(), is_fresh);
  add("unexpected-layer", comparison_->actual_layers(), is_gone);
  return variables;
}

void Evidence::Claim(const std::vector<size_t>& findings) {
  for (size_t i : findings) claimed_[i] = true;
}

std::vector<size_t> Evidence::Unclaimed(std::vector<size_t> findings) const {
  std::erase_if(findings, [this](size_t i) { return claimed_[i]; });
  return findings;
}

double Clarity(const Evidence& evidence,
               std::initializer_list<ChangeKind> kinds) {
  return 0.8 + 0.2 * evidence.names().Purity(kinds);
}

std::vector<Diagnosis> Explain(double confidence, std::vector<size_t> findings,
                               std::string summary, std::string fix) {
  if (findings.empty()) return {};
  std::sort(findings.begin(), findings.end());
  findings.erase(std::unique(findings.begin(), findings.end()), findings.end());
  Diagnosis diagnosis;
  diagnosis.confidence = confidence;
  diagnosis.summary = std::move(summary);
  diagnosis.fix = std::move(fix);
  diagnosis.findings = std::move(findings);
  return {std::move(diagnosis)};
}

}  // namespace ckptdiff
