#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ckptdiff/read.h"
#include "formats/format.h"
#include "support/fixture.h"
#include "support/zip_builder.h"

namespace ckptdiff {
namespace {

using testing::HasSubstr;

std::string Unpacked(const std::string& name) {
  return ReadTextFile(TestData("formats/keras-zip/unpacked/model/" + name));
}

ZipBuilder Archive(const ZipBuilder::Options& options = {}) {
  ZipBuilder archive;
  archive.Add("metadata.json", Unpacked("metadata.json"));
  archive.Add("config.json", Unpacked("config.json"));
  archive.Add("model.weights.h5", Unpacked("model.weights.h5"), options);
  return archive;
}

Result<Layout> Read(const std::string& content,
                    const ReadOptions& options = {}) {
  MemoryFileSystem files;
  files.Add("model.keras", content);
  return ReadSource(Source(files, "model.keras"), options);
}

TEST(KerasZipTest, DataLieInTheArchive) {
  std::string content = Archive().Build();
  Result<Layout> layout = Read(content);
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_EQ(layout.value().source.format, "keras-zip");
  EXPECT_EQ(layout.value().source.writer, "Keras 3.15.1");
  size_t start = content.find("\x89HDF");
  std::string store = Unpacked("model.weights.h5");
  for (const Variable& variable : layout.value().variables) {
    ASSERT_TRUE(variable.data.has_value()) << variable.key;
    EXPECT_GT(variable.data->offset, start);
    EXPECT_EQ(content.substr(variable.data->offset, variable.data->size),
              store.substr(variable.data->offset - start, variable.data->size));
  }
}

TEST(KerasZipTest, ADeflatedStoreIsInflated) {
  Result<Layout> layout = Read(Archive({.deflate = true}).Build());
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_EQ(layout.value().variables.size(), 10u);
  EXPECT_FALSE(layout.value().variables[0].data.has_value());
}

TEST(KerasZipTest, AMemberThatStandsTwiceIsRefused) {
  ZipBuilder archive = Archive();
  archive.Add("config.json", "{}");
  Result<Layout> layout = Read(archive.Build());
  ASSERT_FALSE(layout.ok());
  EXPECT_THAT(ToString(layout.error()), HasSubstr("stands twice"));
}

TEST(KerasZipTest, AnArchiveWithoutWeightsIsRefused) {
  ZipBuilder archive;
  archive.Add("metadata.json", Unpacked("metadata.json"));
  archive.Add("config.json", Unpacked("config.json"));
  Result<Layout> layout = Read(archive.Build());
  ASSERT_FALSE(layout.ok());
  EXPECT_THAT(ToString(layout.error()), HasSubstr("model.weights.h5"));
}

TEST(KerasZipTest, PickledWeightsAreNotUnpickled) {
  ZipBuilder archive;
  archive.Add("metadata.json", Unpacked("metadata.json"));
  archive.Add("config.json", Unpacked("config.json"));
  archive.Add("model.weights.npz", "PK");
  Result<Layout> layout = Read(archive.Build());
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.error().code, ErrorCode::kUnsupported);
}

TEST(KerasZipTest, VerifyChecksEveryMember) {
  std::string content = Archive().Build();
  size_t kernel = content.find("\x89HDF") + 4000;
  content[kernel] = static_cast<char>(content[kernel] ^ 1);
  ReadOptions options;
  options.verify = true;
  Result<Layout> layout = Read(content, options);
  ASSERT_TRUE(layout.ok()) << "the flip hit the structure";
  ASSERT_EQ(layout.value().issues.size(), 1u);
  EXPECT_EQ(layout.value().issues[0].rule, "checksum-mismatch");
  EXPECT_EQ(layout.value().issues[0].where, "model.weights.h5");
}

TEST(KerasZipTest, AnHdf5FileOfThatNameIsTheOlderFormat) {
  MemoryFileSystem files;
  files.Add("model.keras",
            ReadTextFile(TestData("formats/keras-h5/nested-adam/model.h5")));
  Detection found = DetectFormat(Source(files, "model.keras"), {});
  ASSERT_NE(found.format, nullptr);
  EXPECT_EQ(found.format->id, "keras-h5");
}

TEST(KerasZipTest, WithoutItsConfigTheStoreIsStillListed) {
  ZipBuilder archive;
  archive.Add("metadata.json", Unpacked("metadata.json"));
  archive.Add("config.json", R"({"class_name": "Mine", "config": {}})");
  archive.Add("model.weights.h5", Unpacked("model.weights.h5"));
  Result<Layout> layout = Read(archive.Build());
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_EQ(layout.value().variables[0].name, "mlp/one/kernel");
  ASSERT_EQ(layout.value().optimizers.size(), 1u);
  EXPECT_EQ(layout.value().optimizers[0].class_name, std::nullopt);
}

}  // namespace
}  // namespace ckptdiff
