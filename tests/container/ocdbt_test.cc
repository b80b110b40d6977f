#include "container/ocdbt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/parse_error.h"
#include "container/crc32c.h"
#include "support/little.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Frame(const std::string& magic, const std::string& body) {
  std::string frame =
      magic + Little(body.size() + 18, 8) + std::string("\0\0", 2) + body;
  return frame + Little(Crc32c(AsBytes(frame)), 4);
}

// Numbers below 128, one after the other.
std::string Numbers(const std::vector<int>& numbers) {
  std::string text;
  for (int number : numbers) text += static_cast<char>(number);
  return text;
}

std::string DataFile(const std::string& path) {
  return Numbers({1, static_cast<int>(path.size()), 0}) + path;
}

std::string Manifest(int height, size_t length,
                     const std::string& path = "d/x") {
  return Frame(
      "\x0c\xdb\x3a\x2a",
      std::string(16, '\0') + Numbers({0, 100, 100, 4, 0}) + DataFile(path) +
          Numbers({1, 1, height, 0, 0, static_cast<int>(length), 1, 0, 0}) +
          Little(0, 8) + Numbers({0}));
}

std::string Leaf() {  // "k" → "value"
  return Frame("\x0c\xdb\x20\xde", Numbers({0}) + DataFile("d/x") +
                                       Numbers({1, 1}) + "k" + Numbers({5, 0}) +
                                       "value");
}

// Two children, both at `offset`.
std::string Interior(size_t offset, size_t length) {
  int at = static_cast<int>(offset), size = static_cast<int>(length);
  return Frame("\x0c\xdb\x20\xde",
               Numbers({1}) + DataFile("d/x") + Numbers({2, 0, 1, 1, 0, 0}) +
                   "ab" +
                   Numbers({0, 0, at, at, size, size, 1, 1, 0, 0, 0, 0}));
}

struct Listing {
  std::vector<std::string> keys;
  std::vector<std::string> damage;
};

Listing List(const std::string& manifest, const std::string& data) {
  MemoryFileSystem files;
  files.Add("s/manifest.ocdbt", manifest);
  files.Add("s/d/x", data);
  Listing listing;
  OcdbtStore store(Source(files, "s"));
  store.List(
      [&](const std::string& key, const OcdbtValue& value) {
        listing.keys.push_back(key + "=" + value.inline_value);
      },
      [&](const std::string& file, const std::string& what) {
        listing.damage.push_back(file + " " + what);
      });
  return listing;
}

TEST(OcdbtTest, ListsTheKeysOfALeaf) {
  Listing listing = List(Manifest(0, Leaf().size()), Leaf());
  EXPECT_THAT(listing.keys, ElementsAre("k=value"));
  EXPECT_THAT(listing.damage, IsEmpty());
}

TEST(OcdbtTest, ANodeThatIsReachedTwiceIsReadOnce) {
  size_t size = Interior(0, 0).size();
  Listing listing =
      List(Manifest(1, size), Interior(size, Leaf().size()) + Leaf());
  EXPECT_THAT(listing.keys, ElementsAre("k=value"));
  ASSERT_EQ(listing.damage.size(), 1u);
  EXPECT_THAT(listing.damage[0], HasSubstr("is reached twice"));
}

TEST(OcdbtTest, ACycleEnds) {
  size_t size = Interior(0, 0).size();
  Listing listing = List(Manifest(1, size), Interior(0, size));
  EXPECT_THAT(listing.keys, IsEmpty());
  EXPECT_EQ(listing.damage.size(), 2u);
}

TEST(OcdbtTest, APathNeverLeavesTheDirectory) {
  try {
    List(Manifest(0, 1, "../x"), Leaf());
    FAIL();
  } catch (const ParseError& error) {
    EXPECT_THAT(error.error().what, HasSubstr("outside the directory"));
  }
}

TEST(OcdbtTest, ANodeThatIsGoneOrFlippedIsToldWithItsFile) {
  std::string leaf = Leaf();
  leaf[20] ^= 1;
  EXPECT_THAT(List(Manifest(0, leaf.size()), leaf).damage,
              ElementsAre("d/x node at 0 does not agree with its checksum"));
  EXPECT_THAT(List(Manifest(0, leaf.size(), "d/y"), leaf).damage,
              ElementsAre("d/y is not there"));
}

}  // namespace
}  // namespace ckptdiff
