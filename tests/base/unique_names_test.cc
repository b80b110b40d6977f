#include "base/unique_names.h"

#include <gtest/gtest.h>

namespace ckptdiff {
namespace {

TEST(UniqueNamesTest, FindsANameThatStandsOnce) {
  UniqueNames names;
  EXPECT_EQ(names.Find("a"), UniqueNames::kNone);
  names.Add("a", 7);
  names.Add("b", 3);
  EXPECT_EQ(names.Find("a"), 7U);
  EXPECT_EQ(names.Find("b"), 3U);
  EXPECT_EQ(names.Find("c"), UniqueNames::kNone);
}

TEST(UniqueNamesTest, FindsNoneOfANameThatRepeats) {
  UniqueNames names;
  for (size_t i = 0; i < 3; ++i) names.Add("a", i);
  names.Add("b", 3);
  EXPECT_EQ(names.Find("a"), UniqueNames::kNone);
  EXPECT_EQ(names.Find("b"), 3U);
}

TEST(UniqueNamesTest, FindsNoNameThatWasTaken) {
  UniqueNames names;
  names.Add("a", 0);
  names.Take("a");
  names.Take("unknown");
  EXPECT_EQ(names.Find("a"), UniqueNames::kNone);
}

}  // namespace
}  // namespace ckptdiff
