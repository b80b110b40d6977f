#include "base/name_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ckptdiff {
namespace {

// Names of their own strings, none of which moves.
std::vector<std::string> Names(size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (size_t i = 0; i < count; ++i) names.push_back("v" + std::to_string(i));
  return names;
}

TEST(NameIndexTest, FindsEveryNameAtItsPosition) {
  for (const bool is_reserved : {false, true}) {
    const std::vector<std::string> names = Names(1000);
    NameIndex index;
    if (is_reserved) index.Reserve(names.size());
    for (const std::string& name : names) {
      EXPECT_EQ(index.Insert(name), NameIndex::kNone);
    }
    for (size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(index.Find(names[i]), i);
    }
    EXPECT_EQ(index.Find("v1000"), NameIndex::kNone);
  }
}

TEST(NameIndexTest, SaysWhereTheFirstOfTwoEqualNamesStands) {
  NameIndex index;
  EXPECT_EQ(index.Find("a"), NameIndex::kNone);
  index.Insert("a");
  index.Insert("b");
  EXPECT_EQ(index.Insert("a"), 0U);
  index.Reserve(500);  // what is in it stays
  EXPECT_EQ(index.Insert("b"), 1U);
  EXPECT_EQ(index.Insert("c"), NameIndex::kNone);
  EXPECT_EQ(index.Find("c"), 2U);
}

}  // namespace
}  // namespace ckptdiff
