// --content on files that frameworks wrote, one model's values on both sides:
// names say nothing, order says nothing, and every variable is found.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "ckptdiff/compare.h"
#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using Names = std::set<std::pair<std::string, std::string>>;

struct Outcome {
  Names wanted, given;
  std::set<std::string> turned;  // expected names of transposed squares
};

Outcome MatchFiles(const std::string& id, bool by_content) {
  const std::string folder = Root() + "/tests/matching/files/" + id + "/";
  const auto truth = nlohmann::json::parse(ReadTextFile(folder + "truth.json"));
  Result<Layout> actual =
      ReadLayout(folder + truth["actual"].get<std::string>());
  Result<Layout> expected =
      ReadLayout(folder + truth["expected"].get<std::string>());
  CompareOptions options;
  options.with_pairs = true;
  options.by_content = by_content;
  const Report report =
      Compare(actual.value(), expected.value(), options).value();
  Outcome outcome;
  for (const auto& pair : truth["pairs"]) {
    outcome.wanted.emplace(pair[0], pair[1]);
  }
  for (const ReportPair& pair : report.pairs.value()) {
    outcome.given.emplace(pair.actual, pair.expected);
    if (pair.transform == "transpose") outcome.turned.insert(pair.expected);
  }
  return outcome;
}

TEST(ContentFilesTest, FindsEveryVariableOfTorchInNumPy) {
  const Outcome outcome = MatchFiles("torch-to-npz", true);
  EXPECT_EQ(outcome.given, outcome.wanted);
  EXPECT_EQ(outcome.turned.size(), 12u);  // four kernels in three layers
}

TEST(ContentFilesTest, FindsEveryVariableOfKerasInSafetensors) {
  const Outcome outcome = MatchFiles("keras-to-safetensors", true);
  EXPECT_EQ(outcome.given, outcome.wanted);
}

TEST(ContentFilesTest, StoredChecksumsTellWithoutReadingData) {
  EXPECT_EQ(MatchFiles("checkpoint-renamed", false).given,
            MatchFiles("checkpoint-renamed", false).wanted);
  EXPECT_EQ(MatchFiles("checkpoint-renamed", true).given,
            MatchFiles("checkpoint-renamed", true).wanted);
}

// Without values, none of this can be known.
TEST(ContentFilesTest, NamesAloneDoNotTell) {
  const Outcome outcome = MatchFiles("torch-to-npz", false);
  EXPECT_NE(outcome.given, outcome.wanted);
}

}  // namespace
}  // namespace ckptdiff
