#include "container/json_doc.h"

#include <gtest/gtest.h>

#include <string>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

std::string ErrorOf(const std::string& text) {
  try {
    ParseJson(text, "config");
  } catch (const ParseError& error) {
    return error.error().where + ": " + error.error().what;
  }
  return "";
}

TEST(JsonDocTest, RefusesWhatAReaderCouldMisread) {
  EXPECT_EQ(ErrorOf(R"({"a": {"b": 1}, "c": {"b": 2}})"), "");
  EXPECT_EQ(ErrorOf(R"([{"a": 1, "b": 2, "a": 3}])"),
            "config: \"a\" stands twice in one object");
  EXPECT_EQ(ErrorOf(std::string(100'000, '[')),
            "config: nests deeper than 200 levels");
  EXPECT_EQ(ErrorOf("{\"a\": }"), "config: is no JSON at byte 7");
  EXPECT_EQ(ErrorOf("1e999"), "config: holds a number that no type holds");
}

TEST(JsonDocTest, SidecarsAreNoErrors) {
  EXPECT_TRUE(TryParseJson("{\"a\": [1]}").has_value());
  EXPECT_FALSE(TryParseJson("{\"a\": ").has_value());
  EXPECT_FALSE(TryParseJson("").has_value());
}

// A list of n objects once took n * n steps.
TEST(JsonDocTest, ALongListOfObjectsTakesNoLongerThanItsBytes) {
  std::string list = "[";
  for (int i = 0; i < 300'000; ++i) list += "{\"a\":1},";
  list.back() = ']';
  EXPECT_EQ(ParseJson(list, "").size(), 300'000u);
}

}  // namespace
}  // namespace ckptdiff
