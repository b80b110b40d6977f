#include "container/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parse_error.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = PickleValue::Kind;

// A string literal with its zero bytes.
template <size_t kSize>
std::string Raw(const char (&text)[kSize]) {
  return {text, kSize - 1};
}

Pickle Parse(const std::string& bytes) {
  return {*FileFromBytes(bytes), 0, "data.pkl"};
}

std::string Complaint(const std::string& bytes) {
  try {
    Parse(bytes);
  } catch (const ParseError& error) {
    return ToString(error.error());
  }
  return {};
}

TEST(PickleTest, ReadsADictOfEveryProtocol) {
  // {'w': 7, 'b': True}, as pickle.dumps() writes it.
  for (const std::string& bytes :
       {Raw("(dp0\nVw\np1\nI7\nsVb\np2\nI01\ns."),
        Raw("}q\0(X\1\0\0\0wq\1K\7X\1\0\0\0bq\2I01\nu."),
        Raw("\x80\2}q\0(X\1\0\0\0wq\1K\7X\1\0\0\0bq\2\x88u."),
        Raw("\x80\4\x95\x10\0\0\0\0\0\0\0}\x94("
            "\x8c\1w\x94K\7\x8c\1b\x94\x88u.")}) {
    Pickle pickle = Parse(bytes);
    EXPECT_EQ(pickle.end(), bytes.size());
    EXPECT_EQ(AsInt(Find(pickle.root(), "w")), 7) << bytes;
    const PickleValue* flag = Find(pickle.root(), "b");
    ASSERT_NE(flag, nullptr);
    EXPECT_EQ(flag->kind, Kind::kBool);
    EXPECT_EQ(Find(pickle.root(), "x"), nullptr);
  }
}

TEST(PickleTest, NamesWhatWouldBeCalledAndCallsNothing) {
  Pickle pickle = Parse(Raw("cposix\nsystem\nX\2\0\0\0ls\x85R."));
  EXPECT_EQ(CalledName(pickle.root()), "posix.system");
  EXPECT_EQ(Item(*pickle.root().call->args, 0)->text, "ls");
  EXPECT_THAT(pickle.globals(), ElementsAre("posix.system"));
}

TEST(PickleTest, ASubclassOfDictHoldsEntries) {
  Pickle pickle = Parse(
      Raw("ccollections\nOrderedDict\n)R(X\1\0\0\0aK\1X\1\0\0\0bK\2u}X\1\0\0"
          "\0mK\3sb."));
  EXPECT_TRUE(pickle.root().is_mapping);
  EXPECT_EQ(AsInt(Find(pickle.root(), "b")), 2);
  EXPECT_EQ(AsInt(Find(*pickle.root().call->state, "m")), 3);
}

TEST(PickleTest, ReadsNumbersAtTheirLimits) {
  EXPECT_EQ(AsInt(&Parse(Raw("\x8a\1\xff.")).root()), -1);
  EXPECT_EQ(AsInt(&Parse(Raw("J\0\0\0\x80.")).root()), INT32_MIN);
  EXPECT_EQ(AsInt(&Parse(Raw("\x8a\0.")).root()), 0);
  EXPECT_EQ(Parse(Raw("\x8a\x09\1\2\3\4\5\6\7\10\11.")).root().kind,
            Kind::kBigInt);
  EXPECT_EQ(Parse(Raw("G\x3f\xf8\0\0\0\0\0\0.")).root().real, 1.5);
}

TEST(PickleTest, LongTextIsSteppedOver) {
  std::string bytes = Raw("\x80\3B\0\0\x10\0");  // 1 MiB of bytes
  bytes += std::string(1 << 20, 'x') + ".";
  Pickle pickle = Parse(bytes);
  EXPECT_EQ(pickle.root().size, uint64_t{1} << 20);
  EXPECT_EQ(pickle.root().text, "");
  EXPECT_EQ(pickle.end(), bytes.size());
}

TEST(PickleTest, ListsPersistentIds) {
  Pickle pickle = Parse(Raw("](X\1\0\0\0aQX\1\0\0\0bQe."));
  ASSERT_EQ(pickle.persistent_ids().size(), 2u);
  EXPECT_EQ(pickle.persistent_ids()[1]->items[0]->text, "b");
}

TEST(PickleTest, RefusesWhatTheBytesCannotHold) {
  EXPECT_THAT(Complaint(Raw("\x8d\0\0\0\0\0\0\0\x80x.")),
              HasSubstr("9223372036854775808 bytes"));
  EXPECT_THAT(Complaint(Raw("\x80\4\x95\0\0\0\0\0\0\0\x80N.")),
              HasSubstr("a frame of"));
  EXPECT_THAT(Complaint(Raw("Nr\xff\xff\xff\xff.")),
              HasSubstr("memo 4294967295"));
  EXPECT_THAT(Complaint(Raw("h\1.")), HasSubstr("memo 1 was never set"));
  EXPECT_THAT(Complaint(std::string(1 << 20, ']') + "."),
              HasSubstr("values in"));
}

TEST(PickleTest, RefusesAMachineThatMisbehaves) {
  EXPECT_THAT(Complaint("."), HasSubstr("an operand is missing"));
  EXPECT_THAT(Complaint("t."), HasSubstr("a mark is missing"));
  EXPECT_THAT(Complaint("(N0N0R."), HasSubstr("an operand is missing"));
  EXPECT_THAT(Complaint("N(K\1u."), HasSubstr("a key without a value"));
  EXPECT_THAT(Complaint("NK\1a."), HasSubstr("holds none"));
  EXPECT_THAT(Complaint("\x82\1."), HasSubstr("no opcode that is read"));
  EXPECT_THAT(Complaint("\x80\6."), HasSubstr("pickle protocol 6"));
  EXPECT_THAT(Complaint("}"), HasSubstr("ends early"));
}

}  // namespace
}  // namespace ckptdiff
