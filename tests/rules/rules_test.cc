#include "rules/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/fixture.h"
#include "support/pairs.h"

namespace ckptdiff {
namespace {

bool Says(const Report& report, const std::string& rule) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&rule](const Finding& one) { return one.rule == rule; });
}

// Every rule looks at every fixture: a rule that also speaks of another's
// shows up in its golden.
TEST(RulesTest, EveryFixtureGivesItsFindings) {
  for (const PairCase& pair : PairCases("rules")) {
    SCOPED_TRACE(pair.folder);
    const Report report = CompareCase(pair);
    ExpectGolden(pair.folder + "/findings.txt", ListFindings(report));
    if (pair.name == "fires") {
      EXPECT_TRUE(Says(report, pair.id));
    }
    if (pair.IsSilent()) {
      EXPECT_FALSE(Says(report, pair.id));
    }
  }
}

TEST(RulesTest, EveryRuleHasACaseThatFiresAndOneThatIsSilent) {
  std::map<std::string, std::set<std::string>> cases;
  for (const PairCase& pair : PairCases("rules")) {
    cases[pair.id].insert(pair.name);
  }
  for (const Rule* rule : AllRules()) {
    const std::string id(rule->info.id);
    EXPECT_TRUE(cases[id].contains("fires")) << id;
    EXPECT_TRUE(cases[id].contains("silent")) << id;
    EXPECT_FALSE(rule->info.help.empty()) << id;
    EXPECT_FALSE(rule->info.remedy.empty()) << id;
  }
}

TEST(RulesTest, FindingsOfOneReportHaveDifferentIdsAndStandInLayoutOrder) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    std::set<std::string> ids;
    size_t last = 0;
    for (const Finding& finding : CompareCase(pair).findings) {
      EXPECT_TRUE(ids.insert(finding.id).second) << finding.message;
      if (!finding.expected ||
          finding.expected->variable == FindingSide::kNoVariable) {
        continue;
      }
      EXPECT_LE(last, finding.expected->variable) << finding.message;
      last = finding.expected->variable;
    }
  }
}

// What is told as a pair is told by no rule as gone, and the reverse.
TEST(RulesTest, PairsAndFindingsOfOneReportAgree) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    const Report report = CompareCase(pair);
    std::multiset<std::string> paired;
    for (const ReportPair& one : *report.pairs) {
      paired.insert(one.expected_key.empty() ? one.expected : one.expected_key);
    }
    for (const Finding& finding : report.findings) {
      if (!finding.expected ||
          finding.expected->variable == FindingSide::kNoVariable) {
        continue;
      }
      const FindingSide& side = *finding.expected;
      EXPECT_EQ(paired.contains(side.key.empty() ? side.name : side.key),
                finding.actual.has_value())
          << finding.message;
    }
  }
}

TEST(RulesTest, ADiffTakesNothingForUntrackedOrHarmless) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    Result<Report> report = Compare(pair.actual, pair.expected,
                                    {.command = "diff", .is_diff = true});
    ASSERT_TRUE(report.ok());
    EXPECT_FALSE(Says(report.value(), "untracked-variable"));
    for (const Diagnosis& diagnosis : report.value().diagnoses) {
      EXPECT_FALSE(diagnosis.harmless) << diagnosis.cause;
    }
  }
}

TEST(RulesTest, WhatTheUserSetBeatsEverything) {
  const std::vector<PairCase> pairs = PairCases("causes");
  const auto pair = std::ranges::find(pairs, "causes/buffer-persistence/fires",
                                      &PairCase::folder);
  ASSERT_NE(pair, pairs.end());
  EXPECT_EQ(WorstSeverity(CompareCase(*pair)), Severity::kNote);
  Result<Report> report =
      Compare(pair->actual, pair->expected,
              {.severities = {{"missing-variable", Severity::kWarning}}});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(WorstSeverity(report.value()), Severity::kWarning);
}

}  // namespace
}  // namespace ckptdiff
