// Findings as people count them: forty variables of one layer are one thing,
// twelve equal layers are one line.

#ifndef CKPTDIFF_REPORT_TEXT_GROUPS_H_
#define CKPTDIFF_REPORT_TEXT_GROUPS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/finding.h"

namespace ckptdiff {

// The slots of one variable of a place.
struct GroupedSlots {
  std::string leaf;  // of the variable's name; empty: it is the place itself
  std::vector<std::string> labels;  // "Adam/m", once each
};

// One line of a report: what several findings say of one place.
struct FindingGroup {
  std::string word;   // "missing", "removed"; empty where the label says all
  std::string label;  // a layer or a variable; "a → b" where renamed
  std::vector<std::string> items;  // "kernel [20, 10]", ...
  std::vector<GroupedSlots> slots;
  size_t slot_count = 0;
  size_t places = 1;  // layers that the line stands for
};

// The findings at `positions`, folded, in order of their first. In a diff,
// what NEW has is added and what only OLD has is removed. Unless `fold`,
// places stay apart.
std::vector<FindingGroup> FoldFindings(const std::vector<Finding>& findings,
                                       const std::vector<size_t>& positions,
                                       bool is_diff, bool fold);

// "kernel [20, 10], bias [10], 4 slots"; "{kernel,bias}/Adam/{m,v}" where the
// slots themselves are the matter.
std::string Contents(const FindingGroup& group);

// The name a person knows the subject of a finding by.
std::string SubjectOf(const Finding& finding);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_TEXT_GROUPS_H_
