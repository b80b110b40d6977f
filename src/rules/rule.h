// The shape of a rule: a stateless constant of metadata plus one function. A
// rule is one file, one line in the list of rules.cc, one line in the build's
// source list, and a pair of fixtures (it fires, it stays silent).

#ifndef CKPTDIFF_RULES_RULE_H_
#define CKPTDIFF_RULES_RULE_H_

#include <string_view>
#include <vector>

#include "ckptdiff/finding.h"
#include "match/comparison.h"

namespace ckptdiff {

struct Rule {
  RuleInfo info;  // the id is the file's name with - for _
  // The rule's findings, with `rule`, sides, `message` and what belongs to
  // them; severity, id, order and hints from info are settled by the caller
  // unless set. nullptr: the rule reports a reader's issues of its id, or
  // belongs to a command of its own.
  std::vector<Finding> (*check)(const Comparison& comparison);
};

// The list, in the order of the contract.
const std::vector<const Rule*>& AllRules();
const Rule* FindRule(std::string_view id);

// Every rule's findings, with default severities and ids, in report order.
std::vector<Finding> RunRules(const Comparison& comparison);
// A layout's issues as findings.
std::vector<Finding> FindingsOfIssues(const Layout& layout);

FindingSide SideOf(const Layout& layout, size_t variable);

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_RULE_H_
