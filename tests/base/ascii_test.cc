#include "base/ascii.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(AsciiTest, LowersLettersOfAsciiAlone) {
  EXPECT_EQ(Lower("AdamW_2"), "adamw_2");
  EXPECT_EQ(Lower("\xc3\x84 Z[@"), "\xc3\x84 z[@");  // a capital A with dots
}

TEST(AsciiTest, KnowsTheEndsOfItsRanges) {
  for (char c : {'a', 'z'}) EXPECT_TRUE(IsLower(c) && !IsUpper(c)) << c;
  for (char c : {'A', 'Z'}) EXPECT_TRUE(IsUpper(c) && !IsLower(c)) << c;
  for (char c : {'0', '9'}) EXPECT_TRUE(IsDigit(c)) << c;
  for (char c : {'/', ':', '@', '[', '`', '{', '\xe4'}) {
    EXPECT_FALSE(IsDigit(c) || IsUpper(c) || IsLower(c)) << c;
  }
}

}  // namespace
}  // namespace ckptdiff
