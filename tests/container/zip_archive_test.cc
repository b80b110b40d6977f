#include "container/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/parse_error.h"
#include "support/zip_builder.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr uint64_t kLimit = 1000;

// What the parse error says; empty where there is none.
template <typename Call>
std::string Complaint(Call call) {
  try {
    call();
  } catch (const ParseError& error) {
    return ToString(error.error());
  }
  return {};
}

std::string OpenComplaint(std::string archive) {
  std::unique_ptr<File> file = FileFromBytes(std::move(archive));
  return Complaint([&] { ZipArchive{*file}; });
}

TEST(ZipArchiveTest, ReadsStoredAndDeflatedMembers) {
  for (bool zip64 : {false, true}) {
    std::unique_ptr<File> file =
        FileFromBytes(ZipBuilder()
                          .Add("a/data.pkl", "stored", {.extra = "FBxx1234"})
                          .Add("a/code", "deflated", {.deflate = true})
                          .Build(zip64));
    ZipArchive archive(*file);
    ASSERT_EQ(archive.members().size(), 2u);
    EXPECT_EQ(archive.Read(*archive.Find("a/data.pkl"), kLimit), "stored");
    EXPECT_EQ(archive.Read(*archive.Find("a/code"), kLimit), "deflated");
    EXPECT_EQ(archive.ReadHead(*archive.Find("a/code"), 3), "def");
    EXPECT_EQ(archive.Find("data.pkl"), nullptr);
  }
}

TEST(ZipArchiveTest, AStoredMemberIsAViewOfTheArchive) {
  std::string bytes = ZipBuilder().Add("one", "1").Add("two", "2345").Build();
  std::unique_ptr<File> file = FileFromBytes(bytes);
  ZipArchive archive(*file);
  const ZipMember& two = *archive.Find("two");
  EXPECT_EQ(archive.DataOffset(two), bytes.find("2345"));
  std::unique_ptr<File> view = archive.Open(two, 0);
  EXPECT_EQ(view->size(), 4u);
  std::string middle(2, '\0');
  view->ReadAt(1, std::as_writable_bytes(std::span(middle)));
  EXPECT_EQ(middle, "34");
  std::string beyond(4, '\0');
  EXPECT_THAT(Complaint([&] {
                view->ReadAt(1, std::as_writable_bytes(std::span(beyond)));
              }),
              HasSubstr("outside the part of 4"));
}

TEST(ZipArchiveTest, OffsetsCountFromTheArchiveWhereSomethingStandsBefore) {
  std::unique_ptr<File> file =
      FileFromBytes("#!/bin/sh\n" + ZipBuilder().Add("a", "content").Build());
  ZipArchive archive(*file);
  EXPECT_EQ(archive.Read(*archive.Find("a"), kLimit), "content");
}

TEST(ZipArchiveTest, ACommentHidesNothing) {
  std::string bytes = ZipBuilder().Add("a", "content").Build();
  bytes[bytes.size() - 2] = 5;
  std::unique_ptr<File> file = FileFromBytes(bytes + "hello");
  EXPECT_EQ(ZipArchive(*file).members().size(), 1u);
}

TEST(ZipArchiveTest, TellsDamagedContent) {
  std::unique_ptr<File> file = FileFromBytes(
      ZipBuilder().Add("good", "1").Add("bad", "2", {.crc = 7}).Build());
  ZipArchive archive(*file);
  EXPECT_EQ(archive.Damage(*archive.Find("good")), std::nullopt);
  EXPECT_THAT(archive.Damage(*archive.Find("bad")),
              Optional(HasSubstr("the archive says 00000007")));
}

TEST(ZipArchiveTest, ListsDuplicatesAndFindsTheLast) {
  std::unique_ptr<File> file =
      FileFromBytes(ZipBuilder().Add("a", "1").Add("a", "2").Build());
  ZipArchive archive(*file);
  EXPECT_THAT(archive.duplicates(), ElementsAre("a"));
  EXPECT_EQ(archive.Read(*archive.Find("a"), kLimit), "2");
}

TEST(ZipArchiveTest, RefusesWhatContradictsItself) {
  EXPECT_THAT(OpenComplaint(""), HasSubstr("truncated"));
  std::string bytes = ZipBuilder().Add("a", "content").Build();
  EXPECT_THAT(OpenComplaint(bytes.substr(0, bytes.size() - 1)),
              HasSubstr("truncated"));
  EXPECT_THAT(OpenComplaint(bytes.substr(1)), HasSubstr("does not fit"));
  EXPECT_THAT(OpenComplaint(ZipBuilder().Add("../a", "content").Build()),
              HasSubstr("leaves the archive"));
  EXPECT_THAT(
      OpenComplaint(ZipBuilder().Add("a", "content", {.size = 6}).Build()),
      HasSubstr("is stored with 7 bytes and has 6"));
}

TEST(ZipArchiveTest, RefusesMembersThatShareBytes) {
  std::string bytes = ZipBuilder().Add("a", "x").Add("b", "y").Build();
  size_t second = bytes.rfind("PK\1\2");
  bytes[second + 42] = 0;  // the second entry now points at the first member
  EXPECT_THAT(OpenComplaint(bytes), HasSubstr("run into what follows"));
}

TEST(ZipArchiveTest, RefusesAHeaderThatNamesAnotherMember) {
  std::unique_ptr<File> file =
      FileFromBytes(ZipBuilder().Add("a", "x", {.local_name = "b"}).Build());
  ZipArchive archive(*file);
  EXPECT_THAT(Complaint([&] { archive.DataOffset(archive.members()[0]); }),
              HasSubstr("names another member"));
}

TEST(ZipArchiveTest, InflatesNoFurtherThanTheDirectorySays) {
  std::unique_ptr<File> file =
      FileFromBytes(ZipBuilder()
                        .Add("a", "0123456789", {.deflate = true, .size = 4})
                        .Build());
  ZipArchive archive(*file);
  EXPECT_THAT(Complaint([&] { archive.Read(archive.members()[0], kLimit); }),
              HasSubstr("inflates to more than its 4 bytes"));
  EXPECT_THAT(Complaint([&] { archive.Read(archive.members()[0], 3); }),
              HasSubstr("at most 3 are read"));
}

TEST(ZipArchiveTest, EveryTruncationIsRefusedWithoutACrash) {
  std::string bytes = ZipBuilder()
                          .Add("a", "stored")
                          .Add("b", "deflated", {.deflate = true})
                          .Build(true);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_NE(OpenComplaint(bytes.substr(0, size)), "") << size;
  }
}

TEST(PeekZipNamesTest, SeesTheFirstNameOfATruncatedArchive) {
  MemoryFileSystem files;
  std::string bytes = ZipBuilder().Add("m/data.pkl", "content").Build();
  files.Add("whole", bytes);
  files.Add("cut", bytes.substr(0, 50));
  EXPECT_THAT(PeekZipNames(Source(files, "whole")),
              ElementsAre("m/data.pkl", "m/data.pkl"));
  EXPECT_THAT(PeekZipNames(Source(files, "cut")), ElementsAre("m/data.pkl"));
}

}  // namespace
}  // namespace ckptdiff
