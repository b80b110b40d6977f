#include "container/json_cursor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

std::string ErrorOf(std::string_view text) {
  try {
    JsonCursor json(text, "header");
    json.Skip();
    json.Finish();
  } catch (const ParseError& error) {
    return error.error().what;
  }
  return "";
}

TEST(JsonCursorTest, GivesMembersInTheOrderOfTheTextAndTwice) {
  JsonCursor json(R"({"b": 1, "a": [2, 3], "b": {}})", "");
  std::vector<std::string> names;
  json.EnterObject();
  while (auto name = json.NextMember()) {
    names.emplace_back(*name);
    json.Skip();
  }
  json.Finish();
  EXPECT_EQ(names, (std::vector<std::string>{"b", "a", "b"}));
}

TEST(JsonCursorTest, DecodesEscapesAndKeepsThemAlive) {
  JsonCursor json(R"(["a\"b", "\u043a\ud83d\ude00\n", "plain"])", "");
  json.EnterArray();
  std::vector<std::string_view> texts;
  while (json.NextElement()) texts.push_back(json.Text());
  EXPECT_EQ(texts[0], "a\"b");
  EXPECT_EQ(texts[1], "\u043a\U0001F600\n");
  EXPECT_EQ(texts[2], "plain");
}

TEST(JsonCursorTest, ReadsEveryWholeNumberOf64Bits) {
  JsonCursor json("18446744073709551615", "");
  EXPECT_EQ(json.Uint(), UINT64_MAX);
  for (const char* bad : {"18446744073709551616", "-1", "1.5", "1e3", "01"}) {
    JsonCursor other(bad, "");
    EXPECT_THROW(other.Uint(), ParseError) << bad;
  }
}

TEST(JsonCursorTest, RefusesWhatIsNoJson) {
  for (const char* bad :
       {"", "{", "[1,]", "{\"a\" 1}", "{\"a\":1,}", "\"a", "nul", "[1 2]",
        "--1", "\"\\x\"", "\"\\ud800\"", "1 2", "\"\n\"", "1.", "{1:2}"}) {
    EXPECT_NE(ErrorOf(bad), "") << bad;
  }
  for (const char* good : {"-1.5e+3", "[]", "{}", " [null, true, false] "}) {
    EXPECT_EQ(ErrorOf(good), "") << good;
  }
}

TEST(JsonCursorTest, StopsAtDepthAndAtBytesThatAreNoText) {
  EXPECT_EQ(ErrorOf(std::string(100'000, '[')),
            "nests deeper than 200 levels at byte 201");
  EXPECT_EQ(ErrorOf("\"abcdefghi\xff\""), "is no UTF-8 at byte 10");
}

}  // namespace
}  // namespace ckptdiff
