// Why: one cause that explains many findings, and what to type.

#ifndef CKPTDIFF_DIAGNOSIS_H_
#define CKPTDIFF_DIAGNOSIS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

// What a cause is, for `ckptdiff rules` and for documents.
struct CauseInfo {
  std::string_view id;       // kebab-case; public, never renamed or reused
  std::string_view group;    // "names", "shapes", "model", ...
  bool harmless;             // the usual loader of the format bears it
  std::string_view summary;  // one line
  std::string_view help;     // a paragraph
};

// In the order of the contract.
const std::vector<CauseInfo>& Causes();

// A rewrite of names that several pairs prove; can be pasted into `rename`.
struct Pattern {
  std::string from;  // RE2
  std::string to;
  size_t count = 0;  // pairs that it explains
};

struct Diagnosis {
  std::string cause;  // CauseInfo::id
  double confidence = 0;
  bool harmless = false;
  std::string summary;  // "2 layers were renamed: dense1 → dense_1, ..."
  std::string fix;      // what to type, in the framework at hand
  std::vector<Pattern> patterns;
  std::vector<size_t> findings;  // positions in Report::findings, ascending
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_DIAGNOSIS_H_
