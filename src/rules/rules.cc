// The list of rules, in the order of the contract, and what they share.

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "rules/rule.h"

#define CKPTDIFF_RULES(X) \
  X(kMissingVariable) \
  X(kUnexpectedVariable) \
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

FindingSide SideOf(const Layout& layout, size_t variable) {
  const Variable& from = layout.variables[variable];
  return {.name = from.name,
          .key = from.key,
          .shape = from.shape,
          .dtype = from.dtype,
          .role = from.role,
          .layer = from.layer,
          .slot = from.slot,
          .variable = variable};
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

size_t Position(const std::optional<FindingSide>& side) {
  return side ? side->variable : FindingSide::kNoVariable;
}

// The file's findings, then layout order of the expected variable, then of the
// actual one, then rule.
bool InReportOrder(const Finding& a, const Finding& b) {
  bool a_file = !a.actual && !a.expected, b_file = !b.actual && !b.expected;
  if (a_file != b_file) return a_file;
  if (Position(a.expected) != Position(b.expected)) {
    return Position(a.expected) < Position(b.expected);
  }
  if (Position(a.actual) != Position(b.actual)) {
    return Position(a.actual) < Position(b.actual);
  }
  return a.rule < b.rule;
}

}  // namespace

std::vector<Finding> RunRules(const Comparison& comparison) {
  std::vector<Finding> findings = FindingsOfIssues(comparison.actual());
  for (const Rule* rule : AllRules()) {
    if (rule->check == nullptr) continue;
    for (Finding& finding : rule->check(comparison)) {
      Complete(*rule, &finding);
      findings.push_back(std::move(finding));
    }
  }
  std::stable_sort(findings.begin(), findings.end(), InReportOrder);
  return findings;
}

std::vector<Finding> FindingsOfIssues(const Layout& layout) {
  std::vector<Finding> findings;
  for (const Issue& issue : layout.issues) {
    const Rule* rule = FindRule(issue.rule);
    if (rule == nullptr) continue;
    Finding finding;
    finding.where = issue.where;
    finding.message = issue.message;
    Complete(*rule, &finding);
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace ckptdiff
