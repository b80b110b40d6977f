// The list of rules, in the order of the contract, and how their findings are
// completed and ordered.

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "rules/rule.h"

#define CKPTDIFF_RULES(X) \
  X(kMissingVariable) \
  X(kUnexpectedVariable) \
  X(kRenamedVariable) \
  X(kUntrackedVariable) \
  X(kShapeMismatch) \
  X(kTransposedVariable) \
  X(kDtypeMismatch) \
  X(kFusedVariable) \
  X(kSplitVariable) \
  X(kDuplicateVariable) \
  X(kMissingLayer) \
  X(kUnexpectedLayer) \
  X(kLayerOrder) \
  X(kMissingSlot) \
  X(kOrphanSlot) \
  X(kRenamedSlot) \
  X(kSlotShapeMismatch) \
  X(kOptimizerMismatch) \
  X(kMissingOptimizer) \
  X(kIncompleteOptimizer) \
  X(kMissingStep) \
  X(kUnreadableCheckpoint) \
  X(kChecksumMismatch) \
  X(kMissingShard) \
  X(kTruncatedData) \
  X(kUnwrittenData) \
  X(kOverlappingTensors) \
  X(kStaleStateFile) \
  X(kUnsafePickle) \
  X(kExternalLink) \
  /* one line a rule */

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const Rule name;
CKPTDIFF_RULES(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

const std::vector<const Rule*>& AllRules() {
#define CKPTDIFF_ADDRESS(name) &name,
  static const std::vector<const Rule*> rules = {
      CKPTDIFF_RULES(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS
  return rules;
}

const std::vector<RuleInfo>& Rules() {
  static const std::vector<RuleInfo> infos = [] {
    std::vector<RuleInfo> all;
    for (const Rule* rule : AllRules()) all.push_back(rule->info);
    return all;
  }();
  return infos;
}

const Rule* FindRule(std::string_view id) {
  for (const Rule* rule : AllRules()) {
    if (rule->info.id == id) return rule;
  }
  return nullptr;
}

namespace {

const std::string& SideIdentity(const std::optional<FindingSide>& side) {
  static const std::string none;
  if (!side) return none;
  return side->key.empty() ? side->name : side->key;
}

void Complete(const Rule& rule, Finding* finding) {
  finding->rule = rule.info.id;
  finding->severity = rule.info.severity;
  finding->id = fmt::format(
      "{:016x}", HashParts({finding->rule, SideIdentity(finding->actual),
                            SideIdentity(finding->expected)}));
  if (finding->hint.empty()) finding->hint = rule.info.remedy;
}

constexpr size_t kNoVariable = FindingSide::kNoVariable;

// Issues that a reader places at a variable name its key, or else its name.
class VariablesByPlace {
 public:
  explicit VariablesByPlace(const Layout& layout) {
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      by_place_.emplace(layout.variables[i].Identity(), i);
    }
    for (size_t i = 0; i < layout.variables.size(); ++i) {
      by_place_.emplace(layout.variables[i].name, i);
    }
  }
  size_t Find(std::string_view place) const {
    auto found = by_place_.find(place);
    return found == by_place_.end() ? kNoVariable : found->second;
  }

 private:
  std::unordered_map<std::string_view, size_t> by_place_;
};

// A layer stands where its first variable does, an optimizer at the end.
size_t Position(const LayerIndex& layers,
                const std::optional<FindingSide>& side) {
  if (!side) return kNoVariable;
  if (side->variable != kNoVariable) return side->variable;
  size_t layer = layers.Find(side->name);
  if (layer == LayerIndex::kNone || layers.entries()[layer].variables.empty()) {
    return kNoVariable;
  }
  return layers.entries()[layer].variables.front();
}

// The file's findings, then layout order of the expected variable, then of the
// actual one, then rule.
void PutInReportOrder(const Comparison& comparison,
                      std::vector<Finding>* findings) {
  using Key = std::tuple<bool, size_t, size_t, std::string_view, size_t>;
  std::vector<Key> order;
  order.reserve(findings->size());
  for (size_t i = 0; i < findings->size(); ++i) {
    const Finding& finding = (*findings)[i];
    if (FindRule(finding.rule)->info.subject == "files") {
      order.emplace_back(false, 0, 0, "", i);  // in the order of the file
      continue;
    }
    order.emplace_back(
        true, Position(comparison.expected_layers(), finding.expected),
        Position(comparison.actual_layers(), finding.actual), finding.rule, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Finding> ordered;
  ordered.reserve(findings->size());
  for (const Key& key : order) {
    ordered.push_back(std::move((*findings)[std::get<4>(key)]));
  }
  *findings = std::move(ordered);
}

}  // namespace

std::vector<Finding> RunRules(const Comparison& comparison) {
  std::vector<Finding> findings = FindingsOfIssues(comparison.actual());
  for (const Rule* rule : AllRules()) {
    if (rule->check == nullptr) continue;
    for (Finding& finding : rule->check(comparison)) {
      Complete(*rule, &finding);
      if (rule->severity != nullptr) {
        finding.severity = rule->severity(comparison, finding);
      }
      findings.push_back(std::move(finding));
    }
  }
  PutInReportOrder(comparison, &findings);
  return findings;
}

std::vector<Finding> FindingsOfIssues(const Layout& layout) {
  std::vector<Finding> findings;
  if (layout.issues.empty()) return findings;
  const VariablesByPlace places(layout);
  for (const Issue& issue : layout.issues) {
    const Rule* rule = FindRule(issue.rule);
    if (rule == nullptr) continue;
    Finding finding;
    finding.where = issue.where;
    finding.message = issue.message;
    size_t variable = places.Find(issue.where);
    if (variable != kNoVariable) finding.actual = SideOf(layout, variable);
    Complete(*rule, &finding);
    if (!finding.actual) {  // nothing but the place tells two of them apart
      finding.id = fmt::format("{:016x}", HashParts({issue.rule, issue.where}));
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace ckptdiff
