// The cases that the program was begun for, end to end on files that
// TensorFlow and Keras wrote (testdata/make/make_seed.py, make_tf.py): what was
// saved, what is asked for, and whether the report says what happened.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string Seed(const std::string& below) { return TestData("seed/" + below); }

struct Checked {
  int status = 0;
  nlohmann::json report;
  std::string text;

  std::string FirstCause() const {
    const auto& diagnoses = report["diagnoses"];
    return diagnoses.empty() ? "" : diagnoses[0]["cause"].get<std::string>();
  }
  // The labels of the findings of a rule: of slots OWNER/OPTIMIZER/SLOT.
  std::set<std::string> Of(const std::string& rule) const {
    std::set<std::string> labels;
    for (const auto& finding : report["findings"]) {
      if (finding["rule"] != rule) continue;
      const auto& side =
          finding.contains("expected") && !finding["expected"].is_null()
              ? finding["expected"]
              : finding["actual"];
      labels.insert(side.contains("slot") && !side["slot"].is_null()
                        ? side["slot"]["owner"].get<std::string>() + "/" +
                              side["slot"]["optimizer"].get<std::string>() +
                              "/" + side["slot"]["slot"].get<std::string>()
                        : side["name"].get<std::string>());
    }
    return labels;
  }
};

Checked Check(const std::string& checkpoint, const std::string& model) {
  CliResult json =
      Cli({"check", checkpoint, "--spec", model, "--format", "json"});
  Checked checked{.status = json.status, .report = ExpectDocument(json.out)};
  checked.text = Cli({"check", checkpoint, "--spec", model}).out;
  return checked;
}

// ---- 1. d_w1/Adam

TEST(SeedCasesTest, SlotsThatWereNotSavedAreNamed) {
  Checked checked =
      Check(TestData("formats/tf-bundle/gan-without-slots/model.ckpt"),
            TestData("formats/meta-graph/gan-with-slots/model.ckpt.meta"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "slots-not-saved");
  EXPECT_THAT(checked.Of("missing-slot"),
              ::testing::IsSupersetOf({"d_w1/Adam/m", "d_w1/Adam/v",
                                       "g_w2/Adam/m", "g_w2/Adam/v"}));
  EXPECT_THAT(checked.text, HasSubstr("d_w1/Adam/m"));
}

TEST(SeedCasesTest, SlotsThatAreThereAreFound) {
  Checked checked =
      Check(TestData("formats/tf-bundle/gan-with-slots/model.ckpt"),
            TestData("formats/meta-graph/gan-with-slots/model.ckpt.meta"));
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.report["findings"], IsEmpty());
}

TEST(SeedCasesTest, SlotsOfAnOptimizerMadeLaterWereNeverCreated) {
  Checked checked = Check(TestData("demo/gan/model.ckpt"),
                          TestData("demo/gan/model.ckpt.meta"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "slots-never-created");
  EXPECT_THAT(checked.Of("missing-slot"), Contains("d_w1/Adam/m"));
  EXPECT_THAT(checked.Of("missing-slot"), Not(Contains(HasSubstr("g_w1"))));
  EXPECT_THAT(checked.text, HasSubstr("reuse=True"));
}

// Two Adams over one variable are `d_w1/Adam` to `d_w1/Adam_3`.
TEST(SeedCasesTest, TheSlotsOfTwoOptimizersAreToldApart) {
  std::string both = TestData("formats/tf-bundle/two-adams/model.ckpt");
  EXPECT_THAT(Check(both, both).report["findings"], IsEmpty());
}

// The checkpoint of the question that began it. All of `d_w1/Adam` is in the
// file; its batch norms were built under `g_b1`, and the graph beside it, which
// is a newer one, calls them `bn1` and does not train them.
TEST(SeedCasesTest, TheSeedItself) {
  CKPTDIFF_REQUIRE_SHARED(seed, "seed-case");
  Checked checked = Check(seed + "/pretrained_gan.ckpt",
                          seed + "/pretrained_gan-2017.ckpt.meta");
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "layers-renamed");
  EXPECT_THAT(checked.Of("missing-slot"), IsEmpty());
  EXPECT_THAT(checked.Of("renamed-variable"), SizeIs(9));
  EXPECT_THAT(checked.Of("renamed-variable"), Contains("bn1/moving_mean"));
  EXPECT_THAT(checked.text, HasSubstr("g_b1 → bn1"));
}

// ---- 2. A layer whose w and b are tensors

class PlainTensorsTest : public ::testing::TestWithParam<std::string> {};

TEST_P(PlainTensorsTest, TheLayerIsNamed) {
  TempDir dir;
  std::string layers = R"([
      {"name": "before", "variables": [
        {"name": "kernel", "shape": [3, 4]}, {"name": "bias", "shape": [4]}]},
      {"name": "linear", "variables": [
        {"name": "w", "shape": [4, 4], "tracked": false},
        {"name": "b", "shape": [4], "tracked": false}]},
      {"name": "after", "variables": [
        {"name": "kernel", "shape": [4, 2]},
        {"name": "bias", "shape": [2]}]}])";
  // Keras 3 puts the name of a Sequential model in front.
  if (GetParam() == "saved.weights.h5") {
    layers = R"([{"name": "net", "layers": )" + layers + "}]";
  }
  std::string model =
      dir.Write("model.json", R"({"schema": "ckptdiff/layout/v1",
                        "source": {"framework": "keras"}, "layers": )" +
                                  layers + "}");
  Checked checked = Check(Seed("plain-tensors/" + GetParam()), model);
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "untracked-variable");
  EXPECT_THAT(checked.Of("untracked-variable"),
              UnorderedElementsAre(EndsWith("linear/w"), EndsWith("linear/b")));
  EXPECT_THAT(checked.Of("missing-variable"), IsEmpty());
  EXPECT_THAT(checked.text, HasSubstr("linear"));
  EXPECT_THAT(checked.text, HasSubstr("add_weight"));
}

INSTANTIATE_TEST_SUITE_P(Formats, PlainTensorsTest,
                         ::testing::Values("saved.h5", "saved/weights",
                                           "saved.weights.h5"));

// ---- 3. Another scope: one diagnosis, not a finding a variable

TEST(SeedCasesTest, AModelInAnotherScopeIsOneDiagnosis) {
  Checked checked = Check(Seed("scope/saved"), Seed("scope/model.meta"));
  EXPECT_EQ(checked.status, 1);
  ASSERT_THAT(checked.report["diagnoses"], SizeIs(1));
  EXPECT_EQ(checked.FirstCause(), "scope-prefix");
  EXPECT_EQ(checked.report["diagnoses"][0]["findings"].size(),
            checked.report["findings"].size());
  EXPECT_THAT(checked.Of("missing-variable"), IsEmpty());
  EXPECT_THAT(checked.Of("missing-slot"), IsEmpty());
  EXPECT_THAT(checked.text, HasSubstr("net/"));
}

TEST(SeedCasesTest, AnOptimizerInAnotherScopeIsOneDiagnosis) {
  Checked checked = Check(Seed("scope/saved"), Seed("scope/optimizer.meta"));
  ASSERT_THAT(checked.report["diagnoses"], SizeIs(1));
  EXPECT_EQ(checked.FirstCause(), "scope-prefix");
  EXPECT_EQ(checked.report["diagnoses"][0]["findings"].size(),
            checked.report["findings"].size());
  EXPECT_THAT(checked.text, HasSubstr("training/"));
}

// ---- 4. dense1, dense2 → dense_1, dense_2

class RenamedTest : public ::testing::TestWithParam<std::string> {};

TEST_P(RenamedTest, LayersAreRenamedAndTheirSlotsWithThem) {
  Checked checked = Check(Seed("renamed/saved" + GetParam()),
                          Seed("renamed/model" + GetParam()));
  EXPECT_EQ(checked.FirstCause(), "layers-renamed");
  EXPECT_THAT(checked.report["diagnoses"], SizeIs(1));
  EXPECT_THAT(checked.Of("renamed-variable"), SizeIs(4));
  EXPECT_THAT(checked.Of("renamed-slot"), SizeIs(8));
  EXPECT_THAT(checked.Of("missing-slot"), IsEmpty());
  for (const auto& finding : checked.report["findings"]) {
    EXPECT_THAT(finding["rule"].get<std::string>(),
                AnyOf("renamed-variable", "renamed-slot"));
  }
  EXPECT_THAT(checked.text, HasSubstr("dense1 → dense_1"));
  EXPECT_THAT(checked.text, HasSubstr("4 slots"));
}

INSTANTIATE_TEST_SUITE_P(Formats, RenamedTest,
                         ::testing::Values("/weights", ".h5", ".keras",
                                           ".weights.h5"));

// ---- 5. Layers added, removed, files mixed

TEST(SeedCasesTest, AnAddedLayerIsMissing) {
  Checked checked = Check(Seed("layers/saved"), Seed("layers/more.meta"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "architecture-changed");
  EXPECT_EQ(checked.Of("missing-layer"), std::set<std::string>{"extra"});
  EXPECT_EQ(checked.Of("missing-variable"),
            (std::set<std::string>{"extra/u", "extra/w"}));
}

TEST(SeedCasesTest, ARemovedLayerIsUnexpected) {
  Checked checked = Check(Seed("layers/saved"), Seed("layers/fewer.meta"));
  EXPECT_EQ(checked.status, 0);
  EXPECT_THAT(checked.FirstCause(),
              AnyOf("config-mismatch", "architecture-changed"));
  EXPECT_EQ(checked.Of("unexpected-layer"), std::set<std::string>{"layer3"});
  EXPECT_THAT(checked.Of("missing-variable"), IsEmpty());
}

TEST(SeedCasesTest, ThePartThatWasNotSavedIsMissing) {
  Checked checked = Check(Seed("layers/first-half"), Seed("layers/more.meta"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "partial-checkpoint");
  EXPECT_THAT(checked.Of("missing-layer"), SizeIs(2));
}

TEST(SeedCasesTest, AnotherModelsFileIsSaidToBeOne) {
  Checked checked = Check(Seed("layers/other"), Seed("layers/model.meta"));
  EXPECT_EQ(checked.status, 1);
  EXPECT_EQ(checked.FirstCause(), "wrong-checkpoint");
  EXPECT_THAT(checked.Of("renamed-variable"), IsEmpty());
}

}  // namespace
}  // namespace ckptdiff
