#include <gtest/gtest.h>

#include <string>

#include "formats/format.h"
#include "formats/tf/prefix.h"
#include "support/bundle_builder.h"

namespace ckptdiff {
namespace {

BundleBuilder Gan() {
  BundleBuilder bundle;
  bundle.Add("d_w1", {2, 3}, 1).Add("d_w1/Adam", {2, 3}, 2);
  bundle.Add("d_w1/Adam_1", {2, 3}, 3).Add("beta1_power", {}, 0.5);
  bundle.AddInt("global_step", 42);
  return bundle;
}

Result<Layout> ReadAt(const MemoryFileSystem& files, const std::string& path,
                      ReadOptions options = {}) {
  return ReadSource(Source(files, path), options);
}

Layout Whole(const MemoryFileSystem& files, const std::string& path,
             ReadOptions options = {}) {
  Result<Layout> layout = ReadAt(files, path, options);
  EXPECT_TRUE(layout.ok()) << ToString(layout.error());
  return layout.ok() ? layout.value() : Layout();
}

std::vector<std::string> Rules(const Layout& layout) {
  std::vector<std::string> rules;
  for (const Issue& issue : layout.issues) rules.push_back(issue.rule);
  return rules;
}

TEST(TfBundleTest, EveryFormOfAPathLeadsToOneCheckpoint) {
  MemoryFileSystem files;
  Gan().AddTo(&files, "run/model.ckpt-42");
  files.Add("run/model.ckpt-42.meta", "\n\x02\x08\x01");
  files.Add("run/checkpoint", "model_checkpoint_path: \"model.ckpt-42\"\n");
  ReadOptions options;
  options.as = ReadOptions::As::kCheckpoint;
  for (std::string path : {"run/model.ckpt-42", "run/model.ckpt-42.index",
                           "run/model.ckpt-42.data-00000-of-00001",
                           "run/model.ckpt-42.meta", "run/checkpoint", "run"}) {
    Detection found = DetectFormat(Source(files, path), options);
    EXPECT_EQ(found.claim.primary, "run/model.ckpt-42.index") << path;
    Layout layout = Whole(files, path, options);
    EXPECT_EQ(layout.variables.size(), 5u) << path;
    EXPECT_EQ(layout.source.step, 42) << path;
    EXPECT_TRUE(layout.issues.empty()) << path;
  }
}

TEST(TfBundleTest, ADirectoryResolvesByItsStateFile) {
  MemoryFileSystem files;
  Gan().AddTo(&files, "run/model.ckpt-9");
  Gan().AddTo(&files, "run/model.ckpt-10");
  files.Add("run/checkpoint", "model_checkpoint_path: \"model.ckpt-9\"\n");
  EXPECT_EQ(Whole(files, "run").source.resolved, "run/model.ckpt-9.index");
}

TEST(TfBundleTest, WithoutAStateFileTheHighestNumberIsTheNewest) {
  MemoryFileSystem files;
  Gan().AddTo(&files, "run/model.ckpt-9");
  Gan().AddTo(&files, "run/model.ckpt-10");
  EXPECT_EQ(Whole(files, "run").source.resolved, "run/model.ckpt-10.index");
}

TEST(TfBundleTest, AnAbsolutePathOfAnotherMachineIsSoughtBesideTheStateFile) {
  MemoryFileSystem files;
  Gan().AddTo(&files, "run/model.ckpt-9");
  files.Add("run/checkpoint",
            "model_checkpoint_path: \"/home/else/run/model.ckpt-9\"\n");
  Layout layout = Whole(files, "run");
  EXPECT_EQ(layout.source.resolved, "run/model.ckpt-9.index");
  EXPECT_EQ(Rules(layout), std::vector<std::string>{"stale-state-file"});
}

TEST(TfBundleTest, AMissingShardIsAnIssueAndNoRefusal) {
  MemoryFileSystem files;
  files.Add("model.ckpt.index", Gan().Index());
  Layout layout = Whole(files, "model.ckpt");
  EXPECT_EQ(layout.variables.size(), 5u);
  EXPECT_EQ(Rules(layout), std::vector<std::string>{"missing-shard"});
  EXPECT_EQ(layout.source.step, std::nullopt);
}

TEST(TfBundleTest, AShorterShardNamesTheTensorsThatAreCut) {
  MemoryFileSystem files;
  BundleBuilder bundle = Gan();
  files.Add("model.ckpt.index", bundle.Index());
  files.Add("model.ckpt.data-00000-of-00001",
            bundle.Data().substr(0, bundle.Data().size() - 9));
  Layout layout = Whole(files, "model.ckpt");
  ASSERT_EQ(Rules(layout), std::vector<std::string>{"truncated-data"});
  EXPECT_NE(layout.issues[0].message.find("beta1_power, global_step"),
            std::string::npos)
      << layout.issues[0].message;
}

TEST(TfBundleTest, VerifyFindsTheTensorWithAFlippedByte) {
  MemoryFileSystem files;
  BundleBuilder bundle = Gan();
  bundle.AddString("note", "hello");
  std::string data = bundle.Data();
  data[5] = static_cast<char>(data[5] ^ 1);  // of d_w1
  data[data.size() - 1] ^= 1;                // of note
  files.Add("model.ckpt.index", bundle.Index());
  files.Add("model.ckpt.data-00000-of-00001", data);
  EXPECT_TRUE(Whole(files, "model.ckpt").issues.empty());
  ReadOptions options;
  options.verify = true;
  Layout layout = Whole(files, "model.ckpt", options);
  ASSERT_EQ(layout.issues.size(), 2u);
  EXPECT_EQ(layout.issues[0].rule, "checksum-mismatch");
  EXPECT_EQ(layout.issues[0].where, "d_w1");
  EXPECT_EQ(layout.issues[1].where, "note");
}

TEST(TfBundleTest, ASizeThatContradictsTheShapeIsAnIssue) {
  MemoryFileSystem files;
  BundleBuilder bundle = Gan();
  std::string dims = ProtoBytes(2, ProtoVarint(1, 7));
  bundle.AddEntry("odd",
                  ProtoVarint(1, 1) + ProtoBytes(2, dims) + ProtoVarint(5, 12));
  bundle.AddTo(&files, "model.ckpt");
  std::vector<std::string> rules = Rules(Whole(files, "model.ckpt"));
  EXPECT_EQ(rules, (std::vector<std::string>{"truncated-data",
                                             "overlapping-tensors"}));
}

// Each of these entries is refused with the tensor's name.
TEST(TfBundleTest, RefusesEntriesThatLie) {
  uint64_t huge = uint64_t{1} << 63;
  std::string shape = ProtoBytes(2, "");
  for (const std::string& entry :
       {ProtoVarint(1, 99) + shape, shape, ProtoVarint(1, 1) + "\x12\x7f",
        ProtoVarint(1, 1) + shape + ProtoVarint(3, 5),
        ProtoVarint(1, 1) + shape + ProtoVarint(4, huge),
        ProtoVarint(1, 1) + shape + ProtoVarint(5, huge),
        ProtoVarint(1, 1) +
            ProtoBytes(2, ProtoBytes(2, ProtoVarint(1, huge)))}) {
    MemoryFileSystem files;
    BundleBuilder().AddEntry("bad", entry).AddTo(&files, "m");
    Result<Layout> layout = ReadAt(files, "m");
    ASSERT_FALSE(layout.ok());
    EXPECT_NE(ToString(layout.error()).find("entry \"bad\""), std::string::npos)
        << ToString(layout.error());
  }
}

TEST(TfBundleTest, AHundredThousandShardsThatAreNotThereAreOneMessage) {
  MemoryFileSystem files;
  BundleBuilder bundle = Gan();
  bundle.AddEntry("", ProtoVarint(1, 99'999));
  files.Add("m.index", bundle.Index());
  EXPECT_LT(Whole(files, "m").issues.size(), 20u);
}

TEST(TfBundleTest, ADamagedIndexIsRefusedWithItsReason) {
  MemoryFileSystem files;
  std::string index = Gan().Index();
  index[10] ^= 1;
  files.Add("model.ckpt.index", index);
  Result<Layout> layout = ReadAt(files, "model.ckpt");
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(ToString(layout.error()).find("checksum"), std::string::npos);
}

TEST(CheckpointStateTest, UnescapesAndKeepsTheOrder) {
  auto state = ParseCheckpointState(
      "model_checkpoint_path: \"a\\\\b\\\"c\\303\\266\"\n"
      "all_model_checkpoint_paths: \"x\"\n"
      "all_model_checkpoint_paths: 'y'\n"
      "last_preserved_timestamp: 1.5\n");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->latest, "a\\b\"c\xc3\xb6");
  EXPECT_EQ(state->all, (std::vector<std::string>{"x", "y"}));
  EXPECT_FALSE(ParseCheckpointState("hello: world"));
}

TEST(PrefixOfShardTest, TakesOnlyTheLastSuffix) {
  EXPECT_EQ(PrefixOfShard("a.data-x/m.ckpt.data-00000-of-00001"),
            "a.data-x/m.ckpt");
  EXPECT_EQ(PrefixOfShard("m.data-00000"), std::nullopt);
  EXPECT_EQ(PrefixOfShard("m.data-0000x-of-00001"), std::nullopt);
}

}  // namespace
}  // namespace ckptdiff
