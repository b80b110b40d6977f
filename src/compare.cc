// The pipeline, on one screen: two layouts in, a report out.

#include "ckptdiff/compare.h"

#include "causes/cause.h"
#include "compare_report.h"
#include "content/contents.h"
#include "layout/selection.h"
#include "match/comparison.h"
#include "match/match.h"
#include "rules/rule.h"
#include "rules/severities.h"

namespace ckptdiff {

Result<Report> Compare(const Layout& actual, const Layout& expected,
                       const CompareOptions& options) {
  // What takes part: after `rename`, without what is ignored.
  Result<Selection> selection = Select(actual, expected, options.ignore);
  if (!selection.ok()) return selection.error();
  const Layout& have = selection.value().actual();
  const Layout& want = selection.value().expected();

  // Which variable is which.
  const Contents contents = options.by_content
                                ? ContentsFromData(have, want)
                                : ContentsFromChecksums(have, want);
  const Pairing pairing = MatchLayouts(have, want, contents);
  const Comparison comparison(have, want, pairing, options.is_diff);

  // What differs, and why.
  std::vector<Finding> findings = RunRules(comparison);
  std::vector<Diagnosis> diagnoses = Diagnose({comparison, findings});

  // How bad it is: settled once, after the causes.
  SettleSeverities(options, &diagnoses, &findings);

  return BuildReport(actual, expected, selection.value(), comparison,
                     std::move(findings), std::move(diagnoses), options);
}

Report Examine(const Layout& layout, const CompareOptions& options) {
  std::vector<Finding> findings = FindingsOfIssues(layout);
  std::vector<Diagnosis> none;
  SettleSeverities(options, &none, &findings);
  return BuildReport(layout, std::move(findings), options);
}

}  // namespace ckptdiff
