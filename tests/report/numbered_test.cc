#include "report/numbered.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(NumberedTest, NumbersThatDifferBecomeRanges) {
  EXPECT_EQ(MergeNumbered({"block_0.a", "block_1.a", "block_2.a"}),
            "block_{0..2}.a");
  EXPECT_EQ(MergeNumbered({"l10", "l9", "l3"}), "l{3,9,10}");
  EXPECT_EQ(MergeNumbered({"l09", "l10", "l11"}), "l{09..11}");
  EXPECT_EQ(MergeNumbered({"conv2d_1", "conv2d_2"}), "conv2d_{1,2}");
}

TEST(NumberedTest, NothingIsClaimedThatIsNotThere) {
  EXPECT_EQ(MergeNumbered({"b1_c1", "b1_c2", "b2_c1"}), "");
  EXPECT_EQ(MergeNumbered({"b1_c1", "b1_c2", "b2_c1", "b2_c2"}),
            "b{1,2}_c{1,2}");
}

TEST(NumberedTest, SidesOfAnArrowAreJudgedApart) {
  EXPECT_EQ(MergeNumbered({"a.0 → h.1", "a.1 → h.2", "a.2 → h.3"}),
            "a.{0..2} → h.{1..3}");
}

TEST(NumberedTest, HugeNumbersAreNames) {
  EXPECT_EQ(MergeNumbered({"a99999999999999999998", "a99999999999999999999"}),
            "a{99999999999999999998,99999999999999999999}");
}

TEST(NumberedTest, ASlashPartsANameBeforeADotDoes) {
  EXPECT_EQ(ParentAndLeaf("a.b/c").first, "a.b");
  EXPECT_EQ(ParentAndLeaf("a.b.c").second, "c");
  EXPECT_EQ(ParentAndLeaf("w").first, "");
}

}  // namespace
}  // namespace ckptdiff
