#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;

TEST(GlobTest, AStarCrossesSeparators) {
  EXPECT_TRUE(Glob("head*").Matches("head/dense.kernel"));
  EXPECT_FALSE(Glob("head*").Matches("the/head"));
  EXPECT_TRUE(Glob("*.num_batches_tracked").Matches("a.b.num_batches_tracked"));
}

TEST(GlobTest, BracesAreChoicesAndRanges) {
  Glob glob("block_{0..11}/{query,key}/*");
  EXPECT_TRUE(glob.Matches("block_11/key/kernel"));
  EXPECT_FALSE(glob.Matches("block_12/key/kernel"));
  EXPECT_FALSE(glob.Matches("block_1/value/kernel"));
}

TEST(ExpandBracesTest, NestsAndKeepsOrder) {
  EXPECT_THAT(ExpandBraces("{a,b{1..2}}x"), ElementsAre("ax", "b1x", "b2x"));
  EXPECT_THAT(ExpandBraces("open{brace"), ElementsAre("open{brace"));
}

TEST(NaturalLessTest, ComparesDigitRunsByValue) {
  EXPECT_TRUE(NaturalLess("layer_2", "layer_10"));
  EXPECT_FALSE(NaturalLess("layer_10", "layer_2"));
  EXPECT_TRUE(NaturalLess("a", "a0"));
}

TEST(PrintableTest, EscapesWhatIsNoTextOfOneLine) {
  EXPECT_EQ(Printable("a\nb\x1b[0m"), "a\\x0ab\\x1b[0m");
  EXPECT_EQ(Printable("größe"), "größe");
  EXPECT_EQ(Printable("\xff"), "\\xff");
}

TEST(EditDistanceTest, CountsASwapOfNeighboursOnce) {
  EXPECT_EQ(EditDistance("fromat", "format"), 1u);
  EXPECT_EQ(EditDistance("kernel", "kernels"), 1u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(NearestTest, NamesAMistypedWordAndNothingFarFetched) {
  EXPECT_EQ(Nearest("chekc", {"check", "diff"}), "check");
  EXPECT_EQ(Nearest("model.h5", {"check", "diff"}), "");
}

}  // namespace
}  // namespace ckptdiff
