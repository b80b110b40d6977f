#include "container/sstable.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "base/parse_error.h"
#include "container/crc32c.h"
#include "support/bundle_builder.h"

namespace ckptdiff {
namespace {

using Entries = std::map<std::string, std::string>;

Entries ReadTable(const std::string& bytes) {
  std::unique_ptr<File> file = FileFromBytes(bytes);
  Entries entries;
  SsTable(*file).Each([&](const SsTable::Entry& entry) {
    entries.emplace(entry.key, AsText(entry.value));
    return true;
  });
  return entries;
}

Entries Many(int count) {
  Entries entries;
  for (int i = 0; i < count; ++i) {
    entries[fmt::format("layer_{:05}/kernel", i)] = std::string(50, 'x');
  }
  return entries;
}

TEST(Crc32cTest, AgreesWithThePublishedCheckValue) {
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xe3069283u);
  EXPECT_EQ(MaskCrc32c(Crc32c({})), 0xa282ead8u);
  uint32_t first = Crc32c(AsBytes("12345"));
  EXPECT_EQ(ExtendCrc32c(first, AsBytes("6789")), 0xe3069283u);
}

TEST(SsTableTest, ReadsWhatLevelDbWrites) {
  Entries entries = Many(1000);
  entries[""] = "header";
  EXPECT_EQ(ReadTable(BuildTable(entries)), entries);
}

TEST(SsTableTest, ReadsManyBlocksAndSnappy) {
  Entries entries = Many(3000);
  TableOptions options{.block_bytes = 512, .snappy = true};
  std::string bytes = BuildTable(entries, options);
  EXPECT_LT(bytes.size(), 3000u * 50);
  EXPECT_EQ(ReadTable(bytes), entries);
  std::unique_ptr<File> file = FileFromBytes(bytes);
  EXPECT_GT(SsTable(*file).block_count(), 100u);
}

TEST(SsTableTest, FindsTheBlockOfAKey) {
  std::string bytes = BuildTable(Many(3000), {.block_bytes = 512});
  std::unique_ptr<File> file = FileFromBytes(bytes);
  int visited = 0;
  bool found = false;
  std::string wanted = "layer_02000/kernel";
  SsTable(*file).EachFromBlockOf(wanted, [&](const SsTable::Entry& entry) {
    ++visited;
    found = entry.key == wanted;
    return entry.key < wanted;
  });
  EXPECT_TRUE(found);
  EXPECT_LT(visited, 50);
}

TEST(SsTableTest, ValuesSayWhereTheyStand) {
  std::string bytes = BuildTable({{"a", "first"}, {"b", "second"}});
  std::unique_ptr<File> file = FileFromBytes(bytes);
  SsTable(*file).Each([&](const SsTable::Entry& entry) {
    EXPECT_EQ(bytes.substr(*entry.offset, entry.value.size()),
              AsText(entry.value));
    return true;
  });
}

// LevelDB itself does not notice damage in the metaindex block and in the
// padding of the footer; nothing reads the latter.
TEST(SsTableTest, RefusesAnyFlippedByteOutsideThePadding) {
  std::string whole = BuildTable(Many(20));
  size_t padding_end = whole.size() - 8;
  size_t padding = whole.size() - 48 + 20;
  for (size_t at = 0; at < whole.size(); ++at) {
    if (at >= padding - 16 && at < padding_end) continue;
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    EXPECT_THROW(ReadTable(damaged), ParseError) << at;
  }
}

TEST(SsTableTest, RefusesATruncatedFile) {
  std::string whole = BuildTable(Many(20));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THROW(ReadTable(whole.substr(0, size)), ParseError) << size;
  }
}

// A file of one block with that content, whose checksums are right.
std::string Framed(const std::string& content, const std::string& index) {
  auto framed = [](std::string block) {
    block += '\0';
    uint32_t crc = MaskCrc32c(Crc32c(AsBytes(block)));
    for (int i = 0; i < 4; ++i) block += static_cast<char>(crc >> (8 * i));
    return block;
  };
  std::string meta("\0\0\0\0\1\0\0\0", 8);
  std::string file = framed(content);
  auto at = static_cast<char>(file.size());
  file += framed(meta);
  auto index_at = static_cast<char>(file.size());
  file += framed(index);
  std::string footer = {at, 8, index_at, static_cast<char>(index.size())};
  footer.resize(40);
  return file + footer + "\x57\xfb\x80\x8b\x24\x75\x47\xdb";
}

std::string Index(const std::string& handle) {
  std::string entry = {0, 1, static_cast<char>(handle.size()), 'z'};
  return entry + handle + std::string("\0\0\0\0\1\0\0\0", 8);
}

std::string Block(const std::string& entries, uint32_t restarts = 1) {
  std::string block = entries + std::string(4, '\0');
  for (int i = 0; i < 4; ++i) {
    block += static_cast<char>(restarts >> (8 * i));
  }
  return block;
}

std::string OneBlock(const std::string& block) {
  return Framed(block, Index({0, static_cast<char>(block.size())}));
}

TEST(SsTableTest, ReadsAHandMadeBlock) {
  std::string entries("\0\1\1aA\0\1\1bB", 10);
  EXPECT_EQ(ReadTable(OneBlock(Block(entries))),
            (Entries{{"a", "A"}, {"b", "B"}}));
}

TEST(SsTableTest, RefusesKeysThatDoNotAscend) {
  EXPECT_THROW(ReadTable(OneBlock(Block({"\0\1\1bB\0\1\1aA", 10}))),
               ParseError);
  EXPECT_THROW(ReadTable(OneBlock(Block({"\0\1\1aA\0\1\1aB", 10}))),
               ParseError);
}

TEST(SsTableTest, RefusesABlockWithoutRestarts) {
  EXPECT_THROW(ReadTable(OneBlock(Block({"\0\1\1aA", 5}, 0))), ParseError);
  EXPECT_THROW(ReadTable(OneBlock(Block({"\0\1\1aA", 5}, 1u << 30))),
               ParseError);
}

TEST(SsTableTest, RefusesAKeyThatSharesMoreThanThereIs) {
  EXPECT_THROW(ReadTable(OneBlock(Block({"\5\1\1aA", 5}))), ParseError);
}

TEST(SsTableTest, RefusesHandlesNearTheEndOfNumbers) {
  std::string huge = "\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  std::string block = Block({"\0\1\1aA", 5});
  EXPECT_THROW(ReadTable(Framed(block, Index(huge + huge))), ParseError);
  EXPECT_THROW(ReadTable(Framed(block, Index(std::string(1, '\0') + huge))),
               ParseError);
}

TEST(SsTableTest, RefusesABlockThatIsListedTwice) {
  std::string block = Block("");
  std::string handle = {0, static_cast<char>(block.size())};
  std::string index;
  for (char key : {'a', 'b'}) {
    index += std::string({0, 1, 2, key}) + handle;
  }
  index += std::string("\0\0\0\0\1\0\0\0", 8);
  EXPECT_THROW(ReadTable(Framed(block, index)), ParseError);
}

}  // namespace
}  // namespace ckptdiff
