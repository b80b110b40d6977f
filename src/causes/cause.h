// The shape of a cause: a stateless constant of metadata plus one function. A
// cause is one file, one line in the list of causes.cc, one line in the build's
// source list, and a pair of fixtures (it fires, it stays silent).

#ifndef CKPTDIFF_CAUSES_CAUSE_H_
#define CKPTDIFF_CAUSES_CAUSE_H_

#include <span>
#include <string_view>
#include <vector>

#include "ckptdiff/diagnosis.h"
#include "ckptdiff/finding.h"
#include "match/comparison.h"

namespace ckptdiff {

// What a cause judges by.
struct Evidence {
  const Comparison& comparison;
  std::span<const Finding> findings;  // in report order
};

struct Cause {
  CauseInfo info;  // the id is the file's name with - for _
  // None, one, or (rarely) several diagnoses; `cause` and `harmless` are
  // filled in by the caller.
  std::vector<Diagnosis> (*diagnose)(const Evidence& evidence);
};

// The list, in the order of the contract.
const std::vector<const Cause*>& AllCauses();

// Every cause that holds, most likely first.
std::vector<Diagnosis> Diagnose(const Evidence& evidence);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_CAUSE_H_
