// The shape of a rule: a stateless constant of metadata plus one function. A
// rule is one file, one line in the list of rules.cc, one line in the build's
// source list, and a pair of fixtures (it fires, it stays silent).

#ifndef CKPTDIFF_RULES_RULE_H_
#define CKPTDIFF_RULES_RULE_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/finding.h"
#include "match/comparison.h"

namespace ckptdiff {

struct Rule {
  RuleInfo info;  // the id is the file's name with - for _
  // The rule's findings, with sides, `message` and what belongs to them; rule,
  // severity, id, order and an empty hint are filled in by the caller.
  // nullptr: the rule reports a reader's issues of its id, or belongs to a
  // command of its own.
  std::vector<Finding> (*check)(const Comparison& comparison) = nullptr;
  // The default severity where role or address alone sets another one than
  // info.severity; nullptr: never.
  Severity (*severity)(const Comparison& comparison,
                       const Finding& finding) = nullptr;
};

// The list, in the order of the contract.
const std::vector<const Rule*>& AllRules();
const Rule* FindRule(std::string_view id);

// Every rule's findings, with default severities and ids, in report order.
std::vector<Finding> RunRules(const Comparison& comparison);
// A layout's issues as findings.
std::vector<Finding> FindingsOfIssues(const Layout& layout);

// ---- What rules make their findings of.

FindingSide SideOf(const Layout& layout, size_t variable);
// A layer or an optimizer, which is no variable of its own.
FindingSide SideNamed(std::string_view name, Role role = Role::kWeight);

// Both sides, confidence and evidence of a pair; `message` is left to the rule.
Finding FindingOf(const Comparison& comparison, const Pair& pair);

// "dense/kernel", or "dense/kernel (layer_with_weights-0/kernel)" where the
// name alone would not tell it apart.
std::string Shown(const FindingSide& side);
// How a slot is called in text: its label, else its name.
std::string ShownSlot(const Variable& slot);

// The counterparts that are as good as each other, first ones only.
std::vector<Candidate> CandidatesAmong(const Layout& layout,
                                       const std::vector<size_t>& variables);

// Finding for a fused or split group: its first actual and expected variable
// as sides, and all of them as parts.
Finding FindingOf(const Comparison& comparison, const Group& group);
// True where the checkpoint holds in one what the model has in several.
bool IsFused(const Group& group);

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_RULE_H_
