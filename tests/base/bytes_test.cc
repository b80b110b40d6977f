#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

TEST(ByteCursorTest, ReadsBothEndians) {
  ByteCursor cursor(AsBytes(std::string_view("\x01\x02\x03\x04\x05\x06", 6)));
  EXPECT_EQ(cursor.LittleU16("a"), 0x0201);
  EXPECT_EQ(cursor.BigU32("b"), 0x03040506u);
  EXPECT_TRUE(cursor.done());
}

TEST(ByteCursorTest, RefusesToReadPastTheEnd) {
  ByteCursor cursor(AsBytes("abc"));
  EXPECT_THROW(cursor.LittleU32("length"), ParseError);
  EXPECT_THROW(cursor.Take(uint64_t{1} << 63, "data"), ParseError);
  EXPECT_EQ(cursor.remaining(), 3u);
}

TEST(ByteCursorTest, ReadsTheLargestVarint) {
  ByteCursor cursor(AsBytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_EQ(cursor.Varint64("n"), UINT64_MAX);
}

TEST(ByteCursorTest, RefusesAVarintOfMoreThan64Bits) {
  ByteCursor cursor(AsBytes("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
  EXPECT_THROW(cursor.Varint64("n"), ParseError);
}

TEST(CheckedTest, OverflowIsNoNumber) {
  EXPECT_EQ(CheckedAdd(1, 2), 3u);
  EXPECT_EQ(CheckedAdd(UINT64_MAX, 1), std::nullopt);
  EXPECT_EQ(CheckedMul(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
}

}  // namespace
}  // namespace ckptdiff
