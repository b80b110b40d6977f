#ifndef CKPTDIFF_RULES_SEVERITIES_H_
#define CKPTDIFF_RULES_SEVERITIES_H_

#include <vector>

#include "ckptdiff/compare.h"
#include "ckptdiff/diagnosis.h"
#include "ckptdiff/finding.h"

namespace ckptdiff {

// Settles every severity once: what the user set beats everything; then a
// finding that a harmless diagnosis explains, and no other, is a note; then
// the default stands. Findings set to `off` are removed, and the diagnoses'
// positions follow; a diagnosis that rests on nothing any more goes too.
void SettleSeverities(const CompareOptions& options,
                      std::vector<Diagnosis>* diagnoses,
                      std::vector<Finding>* findings);

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_SEVERITIES_H_
