#include "container/doc_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  try {
    ParseJsonTree(text);
  } catch (const ParseError& error) {
    return ToString(error.error());
  }
  return "";
}

TEST(DocTreeTest, RemembersOrderLinesAndSpelling) {
  std::string text = "{\"z\": 0.10,\n \"a\": [1,\n  {\"k\": \"\\u00e9\"}]}";
  DocTree tree = ParseJsonTree(text);
  ASSERT_EQ(tree.root.members.size(), 2u);
  EXPECT_EQ(tree.root.members[0].name, "z");
  EXPECT_EQ(tree.root.members[0].value.text, "0.10");
  const DocNode& array = tree.root.members[1].value;
  EXPECT_EQ(array.line, 2u);
  EXPECT_EQ(array.members[1].value.line, 3u);
  EXPECT_EQ(array.members[1].value.Find("k")->text, "é");
  EXPECT_EQ(ToJson(array), "[1,\n  {\"k\": \"\\u00e9\"}]");
}

TEST(DocTreeTest, RefusesANameThatStandsTwice) {
  EXPECT_THAT(ErrorOf("{\"a\": 1,\n\"a\": 2}"),
              HasSubstr("line 2: \"a\" stands twice"));
  std::string many = "{";
  for (int i = 0; i < 30; ++i) many += "\"n" + std::to_string(i) + "\": 1,";
  EXPECT_THAT(ErrorOf(many + "\"n7\": 1}"), HasSubstr("\"n7\" stands twice"));
}

TEST(DocTreeTest, RefusesDepthAndRubbish) {
  EXPECT_THAT(ErrorOf(std::string(300, '[')), HasSubstr("200 levels"));
  EXPECT_NE(ErrorOf("{\"a\": }"), "");
  EXPECT_NE(ErrorOf("{} {}"), "");
}

TEST(DocTreeTest, PlacesASyntaxErrorByLineColumnAndPath) {
  EXPECT_THAT(ErrorOf("{\"a\": [{\"b\": 1},\n {\"b\" 2}]}"),
              HasSubstr("line 2, column 7: a[1]"));
  EXPECT_THAT(ErrorOf("{\"a\": [1,\n2"), HasSubstr("line 2, column 2: a[2]"));
  EXPECT_THAT(ErrorOf("\n{,}"), HasSubstr("line 2, column 2: has no"));
}

TEST(DocTreeTest, KeepsMoreMembersThanOneBlockHolds) {
  std::string text = "[[7]";
  for (int i = 1; i < 10'000; ++i) text += fmt::format(", [{}, null]", i);
  text += "]";
  DocTree tree = ParseJsonTree(text);
  ASSERT_EQ(tree.root.members.size(), 10'000u);
  EXPECT_EQ(tree.root.members[0].value.members[0].value.text, "7");
  EXPECT_EQ(tree.root.members[9'999].value.members[0].value.text, "9999");
}

}  // namespace
}  // namespace ckptdiff
