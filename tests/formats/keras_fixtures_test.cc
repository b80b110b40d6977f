// The Keras fixtures against what the live models said (truth.json).

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

struct Case {
  std::string directory;
  std::string path;  // of the source, below it
  bool tells_names = true;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.directory;
}

class KerasFixturesTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    std::string directory = TestData("formats/" + GetParam().directory + "/");
    truth_ = nlohmann::json::parse(ReadTextFile(directory + "truth.json"));
    Result<Layout> layout = ReadLayout(directory + GetParam().path);
    ASSERT_TRUE(layout.ok()) << ToString(layout.error());
    layout_ = std::move(layout).value();
    for (const Variable& variable : layout_.variables) {
      by_key_[variable.key] = &variable;
      for (const std::string& key : variable.keys) by_key_[key] = &variable;
    }
  }

  nlohmann::json truth_;
  Layout layout_;
  std::map<std::string, const Variable*> by_key_;
};

TEST_P(KerasFixturesTest, ListsEveryWeightUnderItsLiveName) {
  for (const auto& [key, said] : truth_["variables"].items()) {
    ASSERT_TRUE(by_key_.contains(key)) << key;
    const Variable& variable = *by_key_[key];
    EXPECT_EQ(variable.role, Role::kWeight) << key;
    if (GetParam().tells_names) {
      EXPECT_EQ(variable.name, said["name"]) << key;
    }
    EXPECT_EQ(variable.shape.dims, said["shape"].get<std::vector<int64_t>>());
    if (variable.trainable) {
      EXPECT_EQ(*variable.trainable, said["trainable"].get<bool>()) << key;
    }
  }
}

TEST_P(KerasFixturesTest, TiesEverySlotToItsLiveOwner) {
  size_t slots = 0;
  for (const Variable& variable : layout_.variables) {
    slots += variable.slot.has_value();
  }
  size_t copies = 0;
  for (const auto& [key, said] : truth_["slots"].items()) {
    ASSERT_TRUE(by_key_.contains(key)) << key;
    const Variable& variable = *by_key_[key];
    copies += variable.key != key;
    EXPECT_EQ(ToString(variable.role), said[2]) << key;
    ASSERT_TRUE(variable.slot.has_value()) << key;
    EXPECT_EQ(variable.slot->owner_key, said[0]) << key;
    EXPECT_EQ(variable.slot->slot, said[1]) << key;
  }
  EXPECT_EQ(slots, truth_["slots"].size() - copies);
}

TEST_P(KerasFixturesTest, FindsNoDamage) {
  EXPECT_TRUE(layout_.issues.empty()) << layout_.issues[0].message;
}

INSTANTIATE_TEST_SUITE_P(
    Files, KerasFixturesTest,
    testing::Values(
        Case{"keras-h5/keras3-amsgrad", "model.h5"},
        Case{"keras-h5/keras30-adam", "model.h5"},
        Case{"keras-h5/legacy-nadam", "model.h5"},
        Case{"keras-h5/nested-adam", "model.h5"},
        Case{"keras-weights-h5/recurrent", "model.weights.h5", false},
        Case{"keras-weights-h5/sharded", "model.weights.json", false},
        Case{"keras-zip/nested-loss-scale", "model.keras"},
        Case{"keras-zip/tf-keras-ema", "model.keras"},
        Case{"keras-zip/unpacked", "model"},
        Case{"keras-zip/unpacked", "model/model.weights.h5"}),
    [](const testing::TestParamInfo<Case>& one) {
      std::string name = one.param.directory + "_" + one.param.path;
      std::replace_if(
          name.begin(), name.end(),
          [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

}  // namespace
}  // namespace ckptdiff
