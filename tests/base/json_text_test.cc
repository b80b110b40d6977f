#include "base/json_text.h"

#include <gtest/gtest.h>

#include <string>

namespace ckptdiff {
namespace {

// What both functions look for, said once more, a character at a time.
bool IsUnplain(unsigned char c) { return c < ' ' || c == '"' || c == '\\'; }

// Every byte at every place of words and their rest: eight bytes at a time
// must say what one at a time says.
TEST(JsonTextTest, SeesEveryByteAtEveryPlace) {
  for (size_t place = 0; place < 19; ++place) {
    for (int byte = 0; byte < 256; ++byte) {
      const auto c = static_cast<unsigned char>(byte);
      std::string text(19, 'a');
      text[place] = static_cast<char>(c);
      EXPECT_EQ(PlainJsonPrefix(text), IsUnplain(c) ? place : text.size())
          << byte << " at " << place;
      EXPECT_EQ(IsPlainAscii(text), !IsUnplain(c) && c < 0x7f)
          << byte << " at " << place;
    }
  }
}

// A borrow or carry out of a byte must not hide or invent a neighbour.
TEST(JsonTextTest, SeesEveryPairOfNeighbours) {
  for (int low = 0; low < 256; ++low) {
    for (int high = 0; high < 256; ++high) {
      const auto a = static_cast<unsigned char>(low);
      const auto b = static_cast<unsigned char>(high);
      const std::string text = {
          'a', static_cast<char>(a), static_cast<char>(b), 'a', 'a', 'a', 'a',
          'a'};
      const size_t prefix = IsUnplain(a) ? 1 : IsUnplain(b) ? 2 : 8;
      EXPECT_EQ(PlainJsonPrefix(text), prefix) << low << " " << high;
      EXPECT_EQ(IsPlainAscii(text), prefix == 8 && a < 0x7f && b < 0x7f)
          << low << " " << high;
    }
  }
}

TEST(JsonTextTest, TakesNothingForPlain) {
  EXPECT_EQ(PlainJsonPrefix(""), 0U);
  EXPECT_TRUE(IsPlainAscii(""));
}

}  // namespace
}  // namespace ckptdiff
