#include "causes/cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "support/fixture.h"
#include "support/pairs.h"

namespace ckptdiff {
namespace {

std::string First(const Report& report) {
  return report.diagnoses.empty() ? "" : report.diagnoses.front().cause;
}

// Counts numbers of the user's up: layers.3 and dense_3, not weight_g or fc3x.
std::string Renumbered(const std::string& name) {
  std::string out;
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (size_t i = 0; i < name.size();) {
    size_t end = i;
    while (end < name.size() && is_digit(name[end])) ++end;
    constexpr std::string_view kAround = "./'";
    const bool is_whole =
        end > i && i > 0 && kAround.find(name[i - 1]) != kAround.npos &&
        (end == name.size() || kAround.find(name[end]) != kAround.npos);
    if (end == i) {
      out += name[i++];
      continue;
    }
    std::string number = name.substr(i, end - i);
    out += is_whole ? std::to_string(std::stoul(number) + 3) : number;
    i = end;
  }
  return out;
}

template <typename Rewrite>
Layout Rewritten(Layout layout, const Rewrite& rewrite) {
  for (Variable& variable : layout.variables) {
    variable.name = rewrite(variable.name);
    if (!variable.key.empty()) variable.key = rewrite(variable.key);
    if (!variable.layer.empty()) variable.layer = rewrite(variable.layer);
    if (!variable.tied_to.empty()) variable.tied_to = rewrite(variable.tied_to);
    if (variable.slot && variable.slot->owner) {
      variable.slot->owner = rewrite(*variable.slot->owner);
    }
  }
  for (Layer& layer : layout.layers) layer.name = rewrite(layer.name);
  return layout;
}

TEST(CausesTest, EveryFixtureGivesItsDiagnoses) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    const Report report = CompareCase(pair);
    ExpectGolden(pair.folder + "/findings.txt", ListFindings(report));
    ExpectGolden(pair.folder + "/diagnoses.txt", ListDiagnoses(report));
    if (pair.IsSilent()) {
      EXPECT_NE(First(report), pair.id);
    } else {
      EXPECT_EQ(First(report), pair.id);
    }
  }
}

TEST(CausesTest, EveryCauseHasACaseThatFiresAndOneThatIsSilent) {
  std::map<std::string, std::set<std::string>> cases;
  for (const PairCase& pair : PairCases("causes")) {
    cases[pair.id].insert(pair.name);
  }
  for (const Cause* cause : AllCauses()) {
    if (cause->diagnose == nullptr) continue;
    const std::string id(cause->info.id);
    EXPECT_TRUE(cases[id].contains("fires")) << id;
    EXPECT_TRUE(cases[id].contains("silent")) << id;
    EXPECT_FALSE(cause->info.help.empty()) << id;
  }
}

// No cause hangs on the names of its fixture.
TEST(CausesTest, TheCauseStaysUnderAnotherPrefixAndOtherNumbers) {
  // These say something of the very front of names.
  const std::set<std::string> of_the_front = {"blind-prefix-strip",
                                              "nested-bundle"};
  for (const PairCase& pair : PairCases("causes")) {
    if (pair.IsSilent()) continue;
    SCOPED_TRACE(pair.folder);
    auto prefixed = [](const std::string& name) {
      bool by_slash = name.find('/') != std::string::npos;
      return (by_slash ? "outer/" : "outer.") + name;
    };
    if (!of_the_front.contains(pair.id)) {
      PairCase moved = pair;
      moved.actual = Rewritten(pair.actual, prefixed);
      moved.expected = Rewritten(pair.expected, prefixed);
      EXPECT_EQ(First(CompareCase(moved)), pair.id) << "prefixed";
    }
    PairCase counted = pair;
    counted.actual = Rewritten(pair.actual, Renumbered);
    counted.expected = Rewritten(pair.expected, Renumbered);
    EXPECT_EQ(First(CompareCase(counted)), pair.id) << "renumbered";
  }
}

TEST(CausesTest, EqualLayoutsHaveNoCause) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    const bool is_of_one_file =
        !pair.actual.issues.empty() || pair.id == "wrong-format";
    if (is_of_one_file) continue;
    PairCase same = pair;
    same.expected = pair.actual;
    const Report report = CompareCase(same);
    EXPECT_EQ(report.status, Report::Status::kClean);
    EXPECT_TRUE(report.diagnoses.empty()) << First(report);
  }
}

TEST(CausesTest, ADiagnosisRestsOnFindingsAndSaysWhatToDo) {
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    const Report report = CompareCase(pair);
    double last = 1;
    for (const Diagnosis& diagnosis : report.diagnoses) {
      EXPECT_TRUE(diagnosis.harmless || !diagnosis.findings.empty())
          << diagnosis.cause;
      EXPECT_FALSE(diagnosis.summary.empty()) << diagnosis.cause;
      EXPECT_FALSE(diagnosis.fix.empty()) << diagnosis.cause;
      EXPECT_LE(diagnosis.confidence, last) << diagnosis.cause;
      last = diagnosis.confidence;
      for (size_t i : diagnosis.findings) EXPECT_LT(i, report.findings.size());
    }
  }
}

// What can be pasted into `rename` makes the names equal.
TEST(CausesTest, PatternsRenameWhatTheyClaim) {
  size_t tried = 0;
  for (const PairCase& pair : PairCases("causes")) {
    SCOPED_TRACE(pair.folder);
    const Report report = CompareCase(pair);
    if (report.diagnoses.size() != 1 ||
        report.diagnoses.front().patterns.empty()) {
      continue;
    }
    PairCase repaired = pair;
    for (const Pattern& pattern : report.diagnoses.front().patterns) {
      repaired.expected.rename.push_back({pattern.from, pattern.to});
    }
    EXPECT_EQ(CompareCase(repaired).summary.renamed, 0u);
    ++tried;
  }
  EXPECT_GE(tried, 4u);
}

}  // namespace
}  // namespace ckptdiff
