#include "base/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;

TEST(ColumnsTest, CountsWhatATerminalShows) {
  EXPECT_EQ(DisplayWidth("größe →"), 7u);
  EXPECT_EQ(DisplayWidth("層"), 2u);
  EXPECT_EQ(PadRight("ö", 3), "ö  ");
  EXPECT_EQ(PadLeft("abcd", 3), "abcd");
}

TEST(ColumnsTest, WrapsAtSpacesAndOnlyThenInsideOfNames) {
  EXPECT_THAT(WrapText("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(WrapText("encoder/layer/kernel", 14),
              ElementsAre("encoder/layer/", "kernel"));
  EXPECT_THAT(WrapText("", 10), ElementsAre(""));
  EXPECT_THAT(WrapText("abc", 1), ElementsAre("a", "b", "c"));
}

TEST(ColumnsTest, ShortensInTheMiddle) {
  EXPECT_EQ(Shorten("abcdefghij", 7), "ab…ghij");
  EXPECT_EQ(Shorten("abc", 7), "abc");
}

TEST(ColumnsTest, WritesNumbersForPeople) {
  EXPECT_EQ(WithThousands(25557032), "25,557,032");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1048575), "1.0 MiB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "16.0 EiB");
}

}  // namespace
}  // namespace ckptdiff
