#include "ckptdiff/unreadable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/format.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

// The diagnosis of why `path` cannot be read; its cause is empty for none.
Diagnosis Diagnose(const MemoryFileSystem& files, const std::string& path) {
  Result<Layout> layout = ReadSource(Source(files, path), {});
  if (layout.ok()) return {.cause = "it is read"};
  std::vector<Diagnosis> diagnoses = DiagnoseUnreadable(layout.error());
  return diagnoses.empty() ? Diagnosis{} : diagnoses.front();
}

std::string CauseOf(const std::string& name, const std::string& content) {
  MemoryFileSystem files;
  files.Add(name, content);
  return Diagnose(files, name).cause;
}

TEST(UnreadableTest, AnotherKindOfFileIsWrongFormat) {
  MemoryFileSystem files;
  files.Add("m/model.safetensors",
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n");
  Diagnosis diagnosis = Diagnose(files, "m/model.safetensors");
  EXPECT_EQ(diagnosis.cause, "wrong-format");
  EXPECT_EQ(diagnosis.summary,
            "model.safetensors is a Git LFS pointer: the file was never "
            "downloaded.");
  EXPECT_EQ(diagnosis.fix, "git lfs pull");
  EXPECT_THAT(diagnosis.findings, ElementsAre(0u));
  for (const std::string& content :
       {"<!DOCTYPE html><html><body>404</body></html>"s,
        "\x1f\x8b\x08"s + std::string(80, 'x'),
        "\x80\x04\x95"s + std::string(80, 'x'),
        "\x89HDF\r\n\x1a\n"s + std::string(80, 'x'),
        "{\"model_type\": \"bert\"}"s}) {
    EXPECT_EQ(CauseOf("pytorch_model.bin", content), "wrong-format") << content;
  }
}

TEST(UnreadableTest, APartOrABeginningIsWrongPathForm) {
  MemoryFileSystem files;
  files.Add("run/model.ckpt-900.index", "");
  files.Add("run/model.ckpt-900.data-00000-of-00001", "");
  Diagnosis diagnosis = Diagnose(files, "run/model.ckpt");
  EXPECT_EQ(diagnosis.cause, "wrong-path-form");
  EXPECT_THAT(diagnosis.fix, HasSubstr("model.ckpt-900"));
  EXPECT_EQ(CauseOf("saved/fingerprint.pb", "\x08\x01"s + std::string(80, 'x')),
            "wrong-path-form");
}

TEST(UnreadableTest, DamageAndAMissingIndexAreCalledSo) {
  EXPECT_EQ(CauseOf("model.pt", ""), "damaged-file");
  EXPECT_EQ(CauseOf("model.pt", "PK\x03\x04"s + std::string(80, 'x')),
            "damaged-file");
  EXPECT_EQ(CauseOf("model.pt", std::string(4096, '\0')), "damaged-file");
  MemoryFileSystem files;
  files.Add("run/ckpt-3.data-00000-of-00001", std::string(80, 'x'));
  EXPECT_EQ(Diagnose(files, "run/ckpt-3").cause, "missing-shard");
  EXPECT_EQ(Diagnose(files, "run/ckpt-3.data-00000-of-00001").cause,
            "missing-shard");
}

TEST(UnreadableTest, WordsOfAMessageDoNotDecide) {
  MemoryFileSystem files;
  files.Add("model.pt", "a page that is empty, which is a part of nothing");
  EXPECT_EQ(Diagnose(files, "model.pt").cause, "wrong-format");
}

TEST(UnreadableTest, NothingNearThePathHasNoCauseInTheFile) {
  EXPECT_EQ(Diagnose(MemoryFileSystem(), "model.pt").cause, "");
}

}  // namespace
}  // namespace ckptdiff
