#include "base/name_parts.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(NamePartsTest, TheLastPartStandsBehindTheLastSeparator) {
  EXPECT_EQ(LastPart("encoder/dense.1/kernel"), "kernel");
  EXPECT_EQ(LastPart("encoder/dense.1"), "1");
  EXPECT_EQ(LastPart("encoder/dense.1", "/"), "dense.1");
  EXPECT_EQ(LastPart("kernel"), "kernel");
  EXPECT_EQ(LastPart("encoder/"), "");
}

TEST(NamePartsTest, DigitsAtTheEndAreDropped) {
  EXPECT_EQ(WithoutDigits("layer_with_weights-12"), "layer_with_weights-");
  EXPECT_EQ(WithoutDigits("conv2d"), "conv2d");
  EXPECT_EQ(WithoutDigits("0"), "");
}

TEST(NamePartsTest, OnlyANumberBehindAnUnderscoreSetsApart) {
  EXPECT_EQ(WithoutNumber("conv2d_1"), "conv2d");
  EXPECT_EQ(WithoutNumber("layer_1_23"), "layer_1");
  for (std::string_view whole : {"conv2d", "fc3", "adam_", "_", "12", ""}) {
    EXPECT_EQ(WithoutNumber(whole), whole);
  }
}

}  // namespace
}  // namespace ckptdiff
