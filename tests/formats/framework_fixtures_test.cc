// Fixtures against what the framework that wrote them says is in them
// (truth.json beside each, written by the scripts in testdata/make).

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using Truth = nlohmann::json;

// Those that write truth.json in this form.
constexpr const char* kScripts[] = {"make/make_arrays.py", "make/make_jax.py",
                                    "make/make_tf.py", "make/make_tfjs.py",
                                    "make/make_torch.py"};

struct Case {
  std::string path;
  std::string truth;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  auto manifest = Truth::parse(ReadTextFile(TestData("MANIFEST.json")));
  for (const auto& row : manifest["fixtures"]) {
    bool has_truth = false;
    for (const char* script : kScripts) has_truth |= row["script"] == script;
    if (!has_truth) continue;
    std::string path = TestData(row["path"].get<std::string>());
    std::string truth = ReadTextFile(path + "/truth.json");
    if (truth.empty()) {
      truth = ReadTextFile(path.substr(0, path.rfind('/')) + "/truth.json");
    }
    cases.push_back({path, truth});
  }
  return cases;
}

std::map<std::string, Variable> ByKey(const Layout& layout) {
  std::map<std::string, Variable> variables;
  for (const Variable& variable : layout.variables) {
    variables[variable.key] = variable;
  }
  return variables;
}

TEST(FrameworkFixturesTest, ListWhatTheFrameworkLists) {
  ASSERT_FALSE(Cases().empty());
  for (const auto& [path, text] : Cases()) {
    Truth truth = Truth::parse(text);
    Result<Layout> layout = ReadLayout(path);
    ASSERT_TRUE(layout.ok()) << ToString(layout.error());
    auto variables = ByKey(layout.value());
    EXPECT_EQ(variables.size(), truth["variables"].size()) << path;
    for (const auto& [key, said] : truth["variables"].items()) {
      const Variable& variable = variables[key];
      EXPECT_EQ(variable.dtype, said["dtype"]) << path << " " << key;
      EXPECT_EQ(variable.shape.dims, said["shape"].get<std::vector<int64_t>>())
          << path << " " << key;
    }
  }
}

TEST(FrameworkFixturesTest, SlotsBelongToTheirOwnersAndNothingElseIsASlot) {
  for (const auto& [path, text] : Cases()) {
    Truth slots = Truth::parse(text)["slots"];
    Result<Layout> layout = ReadLayout(path);
    ASSERT_TRUE(layout.ok()) << ToString(layout.error());
    for (const Variable& variable : layout.value().variables) {
      if (!slots.contains(variable.key)) {
        EXPECT_FALSE(variable.slot) << path << " " << variable.key;
        continue;
      }
      const Truth& said = slots[variable.key];
      ASSERT_TRUE(variable.slot) << path << " " << variable.key;
      EXPECT_EQ(variable.slot->owner_key, said[0]) << variable.key;
      EXPECT_EQ(variable.slot->slot, said[1]) << path << " " << variable.key;
      EXPECT_EQ(ToString(variable.role), said[2]) << variable.key;
    }
  }
}

TEST(FrameworkFixturesTest, TheStepIsTheFrameworks) {
  for (const auto& [path, text] : Cases()) {
    Truth step = Truth::parse(text)["step"];
    if (path.ends_with(".meta")) continue;  // a graph has none
    Result<Layout> layout = ReadLayout(path);
    ASSERT_TRUE(layout.ok());
    std::optional<int64_t> said = layout.value().source.step;
    EXPECT_EQ(said ? Truth(*said) : Truth(), step) << path;
  }
}

TEST(FrameworkFixturesTest, EveryChecksumIsRight) {
  for (const auto& [path, text] : Cases()) {
    ReadOptions options;
    options.verify = true;
    Result<Layout> layout = ReadLayout(path, options);
    ASSERT_TRUE(layout.ok()) << ToString(layout.error());
    for (const Issue& issue : layout.value().issues) {
      if (issue.rule == "unsafe-pickle") continue;  // no matter of bytes
      ADD_FAILURE() << path << ": " << issue.where << " " << issue.message;
    }
  }
}

}  // namespace
}  // namespace ckptdiff
