#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ckptdiff/read.h"
#include "formats/format.h"
#include "support/pickle_builder.h"
#include "support/zip_builder.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kLinear =  // of two storages, "0" and "1"
    PickleDict({{"fc.weight", PickleTensor("0", {2, 3})},
                {"fc.bias", PickleTensor("1", {2})}});
const std::vector<std::pair<std::string, size_t>> kData = {{"0", 24}, {"1", 8}};

Result<Layout> ReadBytes(const std::string& bytes,
                         const ReadOptions& options = {}) {
  MemoryFileSystem files;
  files.Add("model.pt", bytes);
  return ReadSource(Source(files, "model.pt"), options);
}

Layout Read(const std::string& object,
            const std::vector<std::pair<std::string, size_t>>& data = kData,
            const ReadOptions& options = {}) {
  Result<Layout> layout = ReadBytes(TorchZip(object, data), options);
  EXPECT_TRUE(layout.ok()) << ToString(layout.error());
  return layout.ok() ? layout.value() : Layout();
}

std::vector<std::string> Names(const Layout& layout, Role role) {
  std::vector<std::string> names;
  for (const Variable& variable : layout.variables) {
    if (variable.role == role) names.push_back(variable.name);
  }
  return names;
}

std::vector<std::string> Rules(const Layout& layout) {
  std::vector<std::string> rules;
  for (const Issue& issue : layout.issues) rules.push_back(issue.rule);
  return rules;
}

TEST(TorchZipTest, AStateDictIsTheModel) {
  Layout layout = Read(kLinear);
  EXPECT_EQ(layout.source.format, "torch-zip");
  EXPECT_THAT(Names(layout, Role::kWeight),
              ElementsAre("fc.weight", "fc.bias"));
  EXPECT_EQ(layout.variables[0].shape, Shape::Of({2, 3}));
  EXPECT_EQ(layout.variables[0].dtype, "float32");
  ASSERT_TRUE(layout.variables[0].data);
  EXPECT_EQ(layout.variables[0].data->size, 24u);
  EXPECT_THAT(layout.issues, IsEmpty());
}

TEST(TorchZipTest, AWrapperIsPartOfTheKeyAndNotOfTheName) {
  Layout layout = Read(PickleDict(
      {{"epoch", PickleInt(3)}, {"my_net", kLinear}, {"note", "N"}}));
  EXPECT_THAT(Names(layout, Role::kWeight),
              ElementsAre("fc.weight", "fc.bias"));
  EXPECT_EQ(layout.variables[0].key, "my_net/fc.weight");
}

TEST(TorchZipTest, TwoModelsKeepTheirPrefixAndACopyIsAnAverage) {
  std::string sd = PickleDict({{"w.x", PickleTensor("0", {2, 3})}});
  Layout two = Read(PickleDict({{"generator", sd}, {"critic", sd}}));
  EXPECT_THAT(Names(two, Role::kWeight),
              ElementsAre("generator.w.x", "critic.w.x"));
  Layout averaged =
      Read(PickleDict({{"state_dict", sd}, {"state_dict_ema", sd}}));
  EXPECT_THAT(Names(averaged, Role::kWeight), ElementsAre("w.x"));
  EXPECT_THAT(Names(averaged, Role::kAverage),
              ElementsAre("state_dict_ema.w.x"));
  EXPECT_EQ(averaged.variables[1].slot->owner, "w.x");
}

TEST(TorchZipTest, ASubtreeCanBeChosen) {
  std::string sd = PickleDict({{"w.x", PickleTensor("0", {2, 3})}});
  std::string bundle = PickleDict({{"model", sd}, {"ema", sd}});
  ReadOptions options;
  options.subtree = "ema";
  Layout layout = Read(bundle, kData, options);
  EXPECT_THAT(Names(layout, Role::kWeight), ElementsAre("w.x"));
  EXPECT_EQ(layout.variables[0].key, "ema/w.x");
  options.subtree = "emma";
  Result<Layout> wrong = ReadBytes(TorchZip(bundle, kData), options);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUsage);
  EXPECT_EQ(wrong.error().hint, "there are model, ema");
}

TEST(TorchZipTest, OnePlaceInAStorageIsATie) {
  Layout layout = Read(PickleDict({{"embed.weight", PickleTensor("0", {2, 3})},
                                   {"head.weight", PickleTensor("0", {2, 3})},
                                   {"flat.weight", PickleTensor("0", {6})}}));
  EXPECT_EQ(layout.variables[1].tied_to, "embed.weight");
  EXPECT_EQ(layout.variables[2].tied_to, "");  // another view of it
}

TEST(TorchZipTest, ANameTheFileGivesDecidesTheOwner) {
  std::string optimizer = PickleDict(
      {{"state", "}" + PickleInt(0) +
                     PickleDict({{"exp_avg", PickleTensor("0", {2, 3})}}) +
                     "s"},
       {"param_groups",
        PickleList({PickleDict(
            {{"betas", "N"},
             {"amsgrad", "\x89"},
             {"decoupled_weight_decay", "\x88"},
             {"params", PickleList({PickleInt(0)})},
             {"param_names", PickleList({PickleText("fc.weight")})}})})}});
  Layout layout =
      Read(PickleDict({{"model", kLinear}, {"optimizer", optimizer}}));
  ASSERT_EQ(layout.variables.size(), 3u);
  const Variable& slot = layout.variables[2];
  EXPECT_EQ(slot.name, "optimizer.state.0.exp_avg");
  EXPECT_EQ(SlotLabel(slot), "fc.weight/AdamW/m");
  EXPECT_EQ(slot.slot->owner_key, "model/fc.weight");
}

TEST(TorchZipTest, DamageIsListedAndTheRestIsRead) {
  Layout missing = Read(kLinear, {{"0", 24}});
  EXPECT_THAT(Rules(missing), ElementsAre("truncated-data"));
  EXPECT_EQ(missing.issues[0].where, "fc.bias");
  Layout cut = Read(kLinear, {{"0", 20}, {"1", 8}});
  EXPECT_THAT(cut.issues[0].message, HasSubstr("reaches byte 24"));
  EXPECT_EQ(cut.variables.size(), 2u);
}

TEST(TorchZipTest, HolesAreUnwrittenUnlessChecksumsAreOff) {
  std::string pickle = "\x80\x02" + kLinear + ".";
  auto build = [&](std::optional<uint32_t> of_pickle) {
    return ZipBuilder()
        .Add("a/data.pkl", pickle, {.crc = of_pickle})
        .Add("a/data/0", std::string(24, '\0'), {.crc = 0})
        .Add("a/data/1", std::string(8, '\0'), {.crc = 0})
        .Build(true);
  };
  Result<Layout> holes = ReadBytes(build({}));
  ASSERT_TRUE(holes.ok());
  EXPECT_THAT(Rules(holes.value()), ElementsAre("unwritten-data"));
  Result<Layout> unchecked = ReadBytes(build(0));
  ASSERT_TRUE(unchecked.ok());
  EXPECT_THAT(Rules(unchecked.value()), IsEmpty());
}

TEST(TorchZipTest, VerifyComparesChecksums) {
  std::string bytes = TorchZip(kLinear, kData);
  bytes[bytes.find("xxxx")] = 'y';
  EXPECT_THAT(Rules(ReadBytes(bytes).value()), IsEmpty());
  ReadOptions options;
  options.verify = true;
  Layout layout = ReadBytes(bytes, options).value();
  EXPECT_THAT(Rules(layout), ElementsAre("checksum-mismatch"));
  EXPECT_EQ(layout.issues[0].where, "archive/data/0");
}

TEST(TorchZipTest, UnknownCodeIsNamedAndNeverRun) {
  Layout layout = Read(
      PickleDict({{"model", kLinear},
                  {"hook", PickleCall("posix\nsystem", {PickleText("ls")})},
                  {"config", PickleCall("my.code\nConfig", {})}}));
  EXPECT_THAT(Rules(layout), ElementsAre("unsafe-pickle", "unsafe-pickle"));
  EXPECT_THAT(layout.issues[0].message, HasSubstr("would run posix.system"));
  EXPECT_THAT(layout.issues[1].message, HasSubstr("my.code.Config"));
  EXPECT_EQ(Names(layout, Role::kWeight).size(), 2u);
}

TEST(TorchZipTest, TheStepOfTheLoopComesBeforeTheOptimizers) {
  Layout layout =
      Read(PickleDict({{"model", kLinear}, {"global_step", PickleInt(70)}}));
  EXPECT_EQ(layout.source.step, 70);
}

TEST(TorchZipTest, ContainersThatHoldThemselvesEnd) {
  EXPECT_THAT(Read("}q\1" + PickleText("me") + "h\1s").variables, IsEmpty());
  // Sixty lists, each three times the one before.
  std::string lists = "]q" + std::string(1, '\0');
  for (char i = 1; i < 60; ++i) {
    std::string before = {'h', static_cast<char>(i - 1)};
    lists += "](" + before + before + before + "eq" + i;
  }
  Result<Layout> layout = ReadBytes(TorchZip(lists, {}));
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.error().code, ErrorCode::kCorrupt);
}

TEST(TorchZipTest, OtherArchivesOfTorchAreCalledByTheirName) {
  Result<Layout> exported = ReadBytes(
      ZipBuilder().Add("m/archive_format", "pt2").Add("m/data/w", "").Build());
  ASSERT_FALSE(exported.ok());
  EXPECT_THAT(exported.error().what, HasSubstr("torch.export"));
  Result<Layout> packaged =
      ReadBytes(ZipBuilder().Add("m/.data/extern_modules", "").Build());
  ASSERT_FALSE(packaged.ok());
  EXPECT_THAT(packaged.error().what, HasSubstr("torch.package"));
}

TEST(TorchZipTest, TwoPicklesInOneArchiveAreRefused) {
  Result<Layout> layout = ReadBytes(
      ZipBuilder().Add("a/data.pkl", "}.").Add("b/data.pkl", "}.").Build());
  ASSERT_FALSE(layout.ok());
  EXPECT_THAT(layout.error().what, HasSubstr("2 members named data.pkl"));
}

TEST(TorchZipTest, ARunOfDeepSpeedLeadsToItsNewestStep) {
  MemoryFileSystem files;
  files.Add("run/latest", "global_step20\n");
  for (const char* step : {"10", "20"}) {
    const std::string folder = std::string("run/global_step") + step + "/";
    files.Add(folder + "mp_rank_00_model_states.pt",
              TorchZip(PickleDict({{"module", kLinear}}), kData));
    files.Add(folder + "zero_pp_rank_0_mp_rank_00_optim_states.pt", "");
  }
  Source run(files, "run");
  Result<Layout> layout = ReadSource(run, {});
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  const std::string newest = "run/global_step20/mp_rank_00_model_states.pt";
  EXPECT_EQ(layout.value().source.resolved, newest);
  EXPECT_THAT(Names(layout.value(), Role::kWeight),
              ElementsAre("fc.weight", "fc.bias"));
  Claim claim = DetectFormat(run, {}).claim;
  EXPECT_EQ(claim.primary, newest);
  EXPECT_THAT(
      claim.members,
      ::testing::Contains(
          "run/global_step20/zero_pp_rank_0_mp_rank_00_optim_states.pt"));
  files.Add("run/latest", "../global_step10");  // never out of the directory
  EXPECT_FALSE(ReadSource(Source(files, "run"), {}).ok());
}

TEST(TorchZipTest, ADirectoryReadsItsShardsAndTheOptimizerBeside) {
  MemoryFileSystem files;
  files.Add("run/pytorch_model.bin.index.json",
            R"({"weight_map": {"fc.weight": "pytorch_model-1-of-2.bin",
                               "fc.bias": "pytorch_model-2-of-2.bin"}})");
  files.Add("run/pytorch_model-1-of-2.bin",
            TorchZip(PickleDict({{"fc.weight", PickleTensor("0", {2, 3})}}),
                     {{"0", 24}}));
  std::string optimizer = PickleDict(
      {{"state",
        "}" + PickleInt(0) +
            PickleDict({{"momentum_buffer", PickleTensor("0", {2, 3})}}) + "s"},
       {"param_groups",
        PickleList({PickleDict({{"dampening", PickleInt(0)},
                                {"nesterov", "\x89"},
                                {"params", PickleList({PickleInt(0)})}})})}});
  files.Add("run/optimizer.pt", TorchZip(optimizer, {{"0", 24}}));
  Result<Layout> layout = ReadSource(Source(files, "run"), {});
  ASSERT_TRUE(layout.ok()) << ToString(layout.error());
  EXPECT_THAT(Rules(layout.value()), ElementsAre("missing-shard"));
  ASSERT_EQ(layout.value().variables.size(), 2u);
  EXPECT_EQ(SlotLabel(layout.value().variables[1]), "fc.weight/SGD/momentum");
  EXPECT_EQ(layout.value().variables[1].data->file, "optimizer.pt");
}

}  // namespace
}  // namespace ckptdiff
