// Whose an optimizer's state is, and a moving average's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/format.h"
#include "support/pickle_builder.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using Entries = std::vector<std::pair<std::string, std::string>>;

const Entries kParameters = {{"fc.weight", PickleTensor("0", {2, 3})},
                             {"fc.bias", PickleTensor("0", {2})}};

Entries Prefixed(const std::string& prefix) {
  Entries prefixed = kParameters;
  for (auto& [name, tensor] : prefixed) name = prefix + name;
  return prefixed;
}

// An Adam over kParameters that calls them by these names.
std::string Adam(const std::vector<std::string>& names) {
  std::string state = "}";
  std::vector<std::string> ids, texts;
  for (size_t i = 0; i < names.size(); ++i) {
    std::string id = PickleInt(static_cast<int64_t>(i));
    state += id + PickleDict({{"exp_avg", kParameters[i].second}}) + "s";
    ids.push_back(id);
    texts.push_back(PickleText(names[i]));
  }
  return PickleDict(
      {{"state", state},
       {"param_groups",
        PickleList({PickleDict({{"betas", "N"},
                                {"amsgrad", "\x89"},
                                {"params", PickleList(ids)},
                                {"param_names", PickleList(texts)}})})}});
}

// "owner" of every slot and average, "?" where it has none.
std::vector<std::string> Owners(const std::string& object) {
  MemoryFileSystem files;
  files.Add("model.pt", TorchZip(object, {{"0", 24}, {"1", 24}}));
  Result<Layout> layout = ReadSource(Source(files, "model.pt"), {});
  if (!layout.ok()) return {ToString(layout.error())};
  std::vector<std::string> owners;
  for (const Variable& variable : layout.value().variables) {
    if (variable.slot) owners.push_back(variable.slot->owner.value_or("?"));
  }
  return owners;
}

TEST(TorchStateTest, NamesOfABareModuleFitAWrappedOne) {
  std::string adam = Adam({"fc.weight", "fc.bias"});
  for (std::string prefix : {"module.", "_orig_mod.module.", "net."}) {
    EXPECT_THAT(Owners(PickleDict({{"model", PickleDict(Prefixed(prefix))},
                                   {"optimizer", adam}})),
                ElementsAre(prefix + "fc.weight", prefix + "fc.bias"));
  }
}

TEST(TorchStateTest, NamesOfAWrappedModuleFitABareOne) {
  EXPECT_THAT(
      Owners(PickleDict(
          {{"model", PickleDict(kParameters)},
           {"optimizer", Adam({"module.fc.weight", "module.fc.bias"})}})),
      ElementsAre("fc.weight", "fc.bias"));
}

TEST(TorchStateTest, NamesThatTwoModelsHaveSettleNothing) {
  std::string other = PickleDict({{"fc.weight", PickleTensor("1", {2, 3})},
                                  {"fc.bias", PickleTensor("1", {2})}});
  std::string adam = Adam({"fc.weight", "fc.bias"});
  EXPECT_THAT(Owners(PickleDict({{"left", PickleDict(kParameters)},
                                 {"right", other},
                                 {"optimizer", adam}})),
              ElementsAre("?", "?"));
}

TEST(TorchStateTest, AListOfAveragesFollowsTheOrderOfTheParameters) {
  std::string shadow =
      PickleList({kParameters[0].second, kParameters[1].second});
  EXPECT_THAT(
      Owners(PickleDict({{"model", PickleDict(kParameters)},
                         {"ema", PickleDict({{"shadow_params", shadow}})}})),
      ElementsAre("fc.weight", "fc.bias"));
}

TEST(TorchStateTest, TheAverageOfACallbackIsOne) {
  std::string callbacks = PickleDict(
      {{"MyEma", PickleDict({{"ema_weights", PickleDict(kParameters)}})},
       {"Other", PickleDict({{"cache", PickleDict(kParameters)}})}});
  EXPECT_THAT(Owners(PickleDict({{"state_dict", PickleDict(kParameters)},
                                 {"callbacks", callbacks}})),
              ElementsAre("fc.weight", "fc.bias"));
}

}  // namespace
}  // namespace ckptdiff
