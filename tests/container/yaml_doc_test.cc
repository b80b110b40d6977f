#include "container/yaml_doc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  try {
    ParseYamlTree(text);
  } catch (const ParseError& error) {
    return ToString(error.error());
  }
  return "";
}

std::string AsJson(const std::string& text) {
  return ToJson(ParseYamlTree(text).root);
}

TEST(YamlDocTest, TypesPlainScalarsAndLeavesQuotedOnes) {
  EXPECT_EQ(AsJson("[1, -2, 0.5, true, ~, no, \"1\", 1x, +3]"),
            R"([1, -2, 0.5, true, null, "no", "1", "1x", 3])");
}

TEST(YamlDocTest, KeepsTheOrderOfMembers) {
  EXPECT_EQ(AsJson("z: 1\na: {y: 2, b: 3}\n"),
            R"({"z": 1, "a": {"y": 2, "b": 3}})");
}

TEST(YamlDocTest, AliasesRepeatWhatTheyName) {
  EXPECT_EQ(AsJson("a: &s [1, 2]\nb: *s\n"), R"({"a": [1, 2], "b": [1, 2]})");
}

TEST(YamlDocTest, RefusesABombOfAliases) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 8; ++k) text += (k > 0 ? ", " : "") + last;
    text += "]\n";
  }
  EXPECT_THAT(ErrorOf(text), HasSubstr("aliases make more of it"));
}

TEST(YamlDocTest, RefusesDepth) {
  std::string flow = std::string(300, '[') + std::string(300, ']');
  EXPECT_NE(ErrorOf(flow), "");
  std::string block;
  for (int i = 0; i < 300; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_NE(ErrorOf(block), "");
}

TEST(YamlDocTest, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf("a: 1\nb: [1\n"),
              HasSubstr("line 3, column 1: b[1]: is no YAML"));
  EXPECT_THAT(ErrorOf("a: 1\na: 2\n"), HasSubstr("line 2: \"a\" stands twice"));
  EXPECT_THAT(ErrorOf("a: 1\n---\nb: 2\n"), HasSubstr("several YAML"));
}

// yaml-cpp takes the end of the text for the end of the quote.
TEST(YamlDocTest, RefusesAQuoteThatIsNotClosed) {
  EXPECT_THAT(ErrorOf("a: 1\nb: \"x\n"),
              HasSubstr("line 2, column 4: the quote \" is not closed"));
  EXPECT_THAT(ErrorOf("a: 'it''s\n"),
              HasSubstr("line 1, column 4: the quote ' is not closed"));
  EXPECT_THAT(ErrorOf("a: \"x\\\"\n"), HasSubstr("is not closed"));
}

TEST(YamlDocTest, TakesEveryQuoteThatIsClosed) {
  EXPECT_EQ(AsJson("a: \"x\ny\"\n"), R"({"a": "x y"})");
  EXPECT_EQ(AsJson("{\"a\": 'it''s'}"), R"({"a": "it's"})");
  EXPECT_EQ(AsJson("a: \"x\\\"\"  # \"\n"), R"({"a": "x\""})");
  EXPECT_EQ(AsJson("\xC3\xA9: \"\xC3\xA9\"\n"), "{\"\xC3\xA9\": \"\xC3\xA9\"}");
  EXPECT_EQ(AsJson("a: &x \"b\"\nc: !!str \"d\"\n"), R"({"a": "b", "c": "d"})");
}

}  // namespace
}  // namespace ckptdiff
