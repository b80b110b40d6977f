#include "container/proto_wire.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

TEST(ProtoMessageTest, YieldsFieldsInTheOrderOfTheFile) {
  ProtoMessage message(AsBytes(std::string_view("\x0a\x02hi\x10\x96\x01", 7)));
  ASSERT_TRUE(message.Next());
  EXPECT_EQ(message.number(), 1u);
  EXPECT_EQ(message.Text(), "hi");
  ASSERT_TRUE(message.Next());
  EXPECT_EQ(message.number(), 2u);
  EXPECT_EQ(message.Varint(), 150u);
  EXPECT_FALSE(message.Next());
}

TEST(ProtoMessageTest, ReadsFixedNumbers) {
  std::string bytes("\x0d\x00\x00\x80\x3f\x11\x01\x00\x00\x00\x00\x00\x00\x00",
                    14);
  ProtoMessage message(AsBytes(bytes));
  ASSERT_TRUE(message.Next());
  EXPECT_EQ(message.Fixed32(), 0x3f800000u);  // 1.0f
  ASSERT_TRUE(message.Next());
  EXPECT_THROW(message.Fixed32(), ParseError);  // of 64 bits
  EXPECT_FALSE(message.Next());
}

TEST(ProtoMessageTest, ReadsRepeatedNumbersPackedOrNot) {
  std::vector<uint64_t> values;
  for (ProtoMessage message(AsBytes("\x0a\x03\x05\x96\x01\x08\x07"));
       message.Next();) {
    message.EachVarint([&](uint64_t value) { values.push_back(value); });
  }
  EXPECT_EQ(values, (std::vector<uint64_t>{5, 150, 7}));
}

// The fast way loads eight bytes at once, the other goes byte by byte: both
// must agree for every length, with and without bytes behind the number.
TEST(ReadVarintTest, BothWaysAgreeForEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    uint64_t value = bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
    value ^= value / 3;
    std::string bytes;
    uint64_t left = value;
    for (; left >= 0x80; left >>= 7) {
      bytes += static_cast<char>((left & 0x7f) | 0x80);
    }
    bytes += static_cast<char>(left);
    size_t size = bytes.size();
    for (size_t behind : {0, 1, 8}) {
      std::string padded = bytes + std::string(behind, '\xff');
      Bytes all = AsBytes(padded);
      uint64_t fast = 0, slow = 0;
      const std::byte* end = all.data() + all.size();
      EXPECT_EQ(ReadVarint(all.data(), end, &fast), all.data() + size);
      EXPECT_EQ(ReadAnyVarint(all.data(), end, &slow), all.data() + size);
      EXPECT_EQ(fast, value) << bits;
      EXPECT_EQ(slow, value) << bits;
    }
  }
}

TEST(ProtoMessageTest, RefusesALengthBeyondTheEnd) {
  ProtoMessage message(
      AsBytes("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
              "abc"));
  EXPECT_THROW(message.Next(), ParseError);
}

TEST(ProtoMessageTest, RefusesGroupsAndFieldZero) {
  ProtoMessage group(AsBytes("\x0b\x0c"));
  EXPECT_THROW(group.Next(), ParseError);
  ProtoMessage zero(AsBytes("\x02\x01"));
  EXPECT_THROW(zero.Next(), ParseError);
}

TEST(ProtoMessageTest, RefusesAnotherWireType) {
  ProtoMessage message(AsBytes("\x08\x01"));
  ASSERT_TRUE(message.Next());
  EXPECT_THROW(message.Text(), ParseError);
  EXPECT_THROW(message.Nested("x"), ParseError);
}

std::string Deep(int levels) {
  std::string bytes;
  for (int i = 0; i < levels; ++i) {
    std::string length;
    for (size_t n = bytes.size();; n >>= 7) {
      length += static_cast<char>(n < 0x80 ? n : (n & 0x7f) | 0x80);
      if (n < 0x80) break;
    }
    bytes = "\x0a" + length + bytes;
  }
  return bytes;
}

TEST(ProtoMessageTest, RefusesToNestWithoutEnd) {
  std::string bytes = Deep(200);
  ProtoMessage message(AsBytes(bytes));
  EXPECT_THROW(while (message.Next()) message = message.Nested("level"),
               ParseError);
}

TEST(ProtoFileTest, StepsOverPayloadsAndReadsTheWanted) {
  std::string big(300'000, 'x');
  std::string bytes = "\x0a\xe0\xa7\x12" + big + "\x12\x04\x0a\x02hi\x18\x05";
  std::unique_ptr<File> file = FileFromBytes(bytes);
  ProtoFile message(*file, "model");
  ASSERT_TRUE(message.Next());
  EXPECT_EQ(message.size(), big.size());
  EXPECT_EQ(message.offset(), 4u);
  EXPECT_THROW(message.Read(1000), ParseError);
  EXPECT_EQ(message.Read(1 << 20), big);
  ASSERT_TRUE(message.Next());
  ProtoFile nested = message.Nested("part");
  ASSERT_TRUE(nested.Next());
  EXPECT_EQ(nested.Read(10), "hi");
  EXPECT_FALSE(nested.Next());
  ASSERT_TRUE(message.Next());
  EXPECT_EQ(message.Varint(), 5u);
  EXPECT_FALSE(message.Next());
}

TEST(ProtoFileTest, RefusesANestedFieldThatLeavesItsMessage) {
  std::unique_ptr<File> file = FileFromBytes("\x0a\x02\x0a\x05hello");
  ProtoFile message(*file, "model");
  ASSERT_TRUE(message.Next());
  ProtoFile nested = message.Nested("part");
  EXPECT_THROW(nested.Next(), ParseError);
}

}  // namespace
}  // namespace ckptdiff
