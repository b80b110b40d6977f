// One difference or defect, of whatever kind: every rule speaks in Findings,
// so that no report needs to know the rules.

#ifndef CKPTDIFF_FINDING_H_
#define CKPTDIFF_FINDING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

enum class Severity { kOff, kNote, kWarning, kError };

std::string_view ToString(Severity severity);
std::optional<Severity> SeverityFromString(std::string_view text);

// What a rule is, for `ckptdiff rules` and for documents.
struct RuleInfo {
  std::string_view id;       // kebab-case; public, never renamed or reused
  std::string_view subject;  // "variables", "layers", "optimizer", "files", ...
  Severity severity;         // by default
  std::string_view summary;  // one line: what it means when it fires
  std::string_view help;     // a paragraph: when it fires, when it does not
  std::string_view remedy;   // what to do
};

// In the order of the contract.
const std::vector<RuleInfo>& Rules();

// One side of a finding: a variable or a layer, as far as it matters.
struct FindingSide {
  static constexpr size_t kNoVariable = static_cast<size_t>(-1);

  std::string name;
  std::string key;  // empty: unknown
  Shape shape;
  std::string dtype;
  Role role = Role::kWeight;
  std::string layer;
  std::optional<Slot> slot;
  // Position in Layout::variables of its side; kNoVariable for a layer, a file.
  size_t variable = kNoVariable;
};

// A counterpart that is as good as another one.
struct Candidate {
  std::string name;
  std::string key;
};

// What a fused or split variable consists of.
struct Parts {
  std::vector<std::string> actual;
  std::vector<std::string> expected;
  std::string how;  // "concat axis 0", "stack axis 0", ...
};

struct Finding {
  std::string id;    // 16 hex digits: a hash of rule and both keys
  std::string rule;  // RuleInfo::id
  Severity severity = Severity::kError;
  std::optional<FindingSide> actual;
  std::optional<FindingSide> expected;
  std::optional<double> confidence;
  std::vector<std::string> evidence;
  std::string transform;  // "transpose", "permute:3,2,0,1", "squeeze", ...
  std::optional<Parts> parts;
  std::vector<Candidate> candidates;
  std::string where;  // inside the file, for findings about files
  std::string message;
  std::string hint;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FINDING_H_
