// From two Layouts to a Report.

#ifndef CKPTDIFF_COMPARE_H_
#define CKPTDIFF_COMPARE_H_

#include <string>
#include <utility>
#include <vector>

#include "ckptdiff/finding.h"
#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

struct CompareOptions {
  std::string command = "check";
  // In a diff both sides are equals: nothing is harmless or untracked.
  bool is_diff = false;
  bool with_pairs = false;
  // Also reads the data of both sides, where it can be reached: equal values,
  // transposed ones too, tell a rename whatever the names say.
  bool by_content = false;
  // Globs over name, key or label of either side; added to the layouts' own.
  std::vector<std::string> ignore;
  // Rule id → severity; beats everything.
  std::vector<std::pair<std::string, Severity>> severities;
};

// Whether the model `expected` would load `actual`, and if not, why. Fails
// with kInvalidLayout where a `rename` does not stay one-to-one, with kUsage
// where a pattern is no RE2.
Result<Report> Compare(const Layout& actual, const Layout& expected,
                       const CompareOptions& options = {});

// What `layout` says of itself: its issues as findings (`verify`, `audit`).
Report Examine(const Layout& layout, const CompareOptions& options = {});

}  // namespace ckptdiff

#endif  // CKPTDIFF_COMPARE_H_
