// Fixture pairs of layout documents: testdata/<kind>/<id>/<case>/.

#ifndef CKPTDIFF_TESTS_SUPPORT_PAIRS_H_
#define CKPTDIFF_TESTS_SUPPORT_PAIRS_H_

#include <string>
#include <vector>

#include "ckptdiff/compare.h"
#include "ckptdiff/layout.h"

namespace ckptdiff {

struct PairCase {
  std::string id;      // of a rule or a cause
  std::string name;    // "fires", "silent", ...
  std::string folder;  // below testdata/
  Layout actual;
  Layout expected;

  // Cases in which it must keep silent are called so.
  bool IsSilent() const { return name.starts_with("silent"); }
};

// Every case below testdata/<kind>, ordered.
std::vector<PairCase> PairCases(const std::string& kind);

// The report of a pair, with its correspondence; never fails in these tests.
Report CompareCase(const PairCase& pair);

// Its findings, and its diagnoses, as lines of a golden.
std::string ListFindings(const Report& report);
std::string ListDiagnoses(const Report& report);

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_SUPPORT_PAIRS_H_
