// What takes part in a comparison: both layouts after `rename`, without what
// is ignored, under its canonical spelling.

#ifndef CKPTDIFF_LAYOUT_SELECTION_H_
#define CKPTDIFF_LAYOUT_SELECTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

struct Selection {
  Layout actual;
  Layout expected;
  uint64_t ignored = 0;  // variables left out, of either side
};

// Applies `expected.rename` to the names and slot owners of `actual`, then
// leaves out of both sides what `expected.ignore` and `ignore` match by name,
// key or label, with its slots. Fails with kInvalidLayout where a rename makes
// two variables one (the error names both), with kUsage where a `from` is no
// RE2.
Result<Selection> Select(const Layout& actual, const Layout& expected,
                         const std::vector<std::string>& ignore);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_SELECTION_H_
