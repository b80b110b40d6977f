// The shape of a cause: a stateless constant of metadata plus one function. A
// cause is one file, one line in the list of causes.cc, one line in the build's
// source list, and a pair of fixtures (it fires, it stays silent).

#ifndef CKPTDIFF_CAUSES_CAUSE_H_
#define CKPTDIFF_CAUSES_CAUSE_H_

#include <string_view>
#include <vector>

#include "causes/evidence.h"
#include "ckptdiff/diagnosis.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

// What is left unexplained decides about the general causes: they are asked
// when all more specific ones have said which findings are theirs.
enum class Turn { kSpecific, kGeneral, kLast };

struct Cause {
  CauseInfo info;  // the id is the file's name with - for _
  // None, one, or (rarely) several diagnoses. `confidence` is how sure the
  // cause is that it holds; how much it explains is weighed by the caller, who
  // also fills in `cause`, and `harmless` where the cause always is. What is
  // harmless may rest on no finding. nullptr: known to `explain` alone.
  std::vector<Diagnosis> (*diagnose)(const Evidence& evidence) = nullptr;
  Turn turn = Turn::kSpecific;
  // Whether this is why a path could not be read (ckptdiff/unreadable.h); the
  // first in the list that says so is.
  bool (*recognizes)(const Error& error) = nullptr;
};

// The list, in the order of the contract.
const std::vector<const Cause*>& AllCauses();

// Every cause that holds, most likely first: surest, and of what it explains
// the most.
std::vector<Diagnosis> Diagnose(Evidence evidence);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_CAUSE_H_
