// The last step of a comparison: everything that was found, as a Report.

#ifndef CKPTDIFF_COMPARE_REPORT_H_
#define CKPTDIFF_COMPARE_REPORT_H_

#include <vector>

#include "ckptdiff/compare.h"
#include "layout/selection.h"
#include "match/comparison.h"

namespace ckptdiff {

// Sums up both whole sides, counts, and lists the pairs where asked for.
Report BuildReport(const Layout& actual, const Layout& expected,
                   const Selection& selection, const Comparison& comparison,
                   std::vector<Finding> findings,
                   std::vector<Diagnosis> diagnoses,
                   const CompareOptions& options);
// The same for one side that was compared with nothing.
Report BuildReport(const Layout& layout, std::vector<Finding> findings,
                   const CompareOptions& options);

}  // namespace ckptdiff

#endif  // CKPTDIFF_COMPARE_REPORT_H_
