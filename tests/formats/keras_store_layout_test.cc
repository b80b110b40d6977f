// Stores without an archive around them, which name neither the optimizer nor
// its variables, by themselves and against the config of their model.

#include "formats/keras/store_layout.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ckptdiff/compare.h"
#include "formats/format.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Dims = std::vector<std::vector<int64_t>>;

void AddGroup(const std::string& path, const Dims& all, KerasStore* store) {
  StoreGroup& group = (*store)[path];
  for (const std::vector<int64_t>& dims : all) {
    StoredVariable stored;
    stored.leaf = std::to_string(group.variables.size());
    stored.variable.key = fmt::format("{}/vars/{}", path, stored.leaf);
    stored.variable.shape = Shape::Of(dims);
    bool is_counter = path == "optimizer" && group.variables.empty();
    stored.variable.dtype = is_counter ? "int64" : "float32";
    group.variables.push_back(std::move(stored));
  }
}

Layout Listed(const KerasStore& store, const StoreContext& context = {}) {
  Layout layout;
  layout.source.addressed_by = AddressedBy::kOrder;
  SlotOwners owners = ListStoreWeights(store, context, &layout);
  ListStoreOptimizer(store, context, owners, &layout);
  return layout;
}

// Two layers of one kernel each, compiled with this optimizer.
std::string Config(const std::string& class_name, const std::string& settings) {
  return R"({"module": "keras.src.models.sequential",
      "class_name": "Sequential", "config": {"name": "m", "layers": [
        {"class_name": "Dense", "config": {"name": "a", "units": 4,
         "batch_shape": [null, 3]}},
        {"class_name": "Dense", "config": {"name": "b", "units": 2}}]},
      "compile_config": {"optimizer": {"class_name": ")" +
         class_name + R"(", "config": {)" + settings + "}}}}";
}

Layout Expected(const std::string& class_name, const std::string& settings) {
  MemoryFileSystem files;
  files.Add("model.json", Config(class_name, settings));
  return ReadSource(Source(files, "model.json"), {}).value();
}

// Above a note.
std::vector<std::string> Findings(const Layout& actual,
                                  const Layout& expected) {
  std::vector<std::string> rules;
  const Report report = Compare(actual, expected).value();
  for (const Finding& finding : report.findings) {
    if (finding.severity != Severity::kNote) rules.push_back(finding.rule);
  }
  return rules;
}

KerasStore StoreWith(const Dims& slots) {
  KerasStore store;
  AddGroup("layers/dense", {{3, 4}, {4}}, &store);
  AddGroup("layers/dense_1", {{4, 2}, {2}}, &store);
  Dims optimizer = {{}, {}};
  optimizer.insert(optimizer.end(), slots.begin(), slots.end());
  AddGroup("optimizer", optimizer, &store);
  return store;
}

Layout ListedWith(const Dims& slots) { return Listed(StoreWith(slots)); }

TEST(KerasStoreLayoutTest, NumbersAreTheSlotsThatTheConfigAsksFor) {
  const std::string ema = R"("use_ema": true)";
  const Dims once = {{3, 4}, {4}, {4, 2}, {2}};
  EXPECT_THAT(Findings(ListedWith(once), Expected("SGD", ema)), IsEmpty());
  Dims adam = once;  // averages, then pairs
  for (const auto& dims : once) adam.insert(adam.end(), {dims, dims});
  EXPECT_THAT(Findings(ListedWith(adam), Expected("Adam", ema)), IsEmpty());
  Dims adafactor = {{3}, {4}, {3, 4}, {}, {}, {4},
                    {4}, {2}, {4, 2}, {}, {}, {2}};
  EXPECT_THAT(Findings(ListedWith(adafactor), Expected("Adafactor", "")),
              IsEmpty());
  adafactor.insert(adafactor.begin(), once.begin(), once.end());
  EXPECT_THAT(Findings(ListedWith(adafactor), Expected("Adafactor", ema)),
              IsEmpty());
  EXPECT_THAT(Findings(ListedWith({{3, 4}, {4}, {4}, {4, 2}, {2}, {2}}),
                       Expected("Muon", "")),
              IsEmpty());
}

TEST(KerasStoreLayoutTest, FewerNumbersThanTheConfigAsksForAreTold) {
  const Dims once = {{3, 4}, {4}, {4, 2}, {2}};
  EXPECT_THAT(Findings(ListedWith(once), Expected("Adam", "")),
              testing::Contains("optimizer-mismatch"));
  EXPECT_THAT(
      Findings(ListedWith(once), Expected("Lion", R"("use_ema": true)")),
      testing::Contains("missing-variable"));
}

// An archive brings its config along.
TEST(KerasStoreLayoutTest, TheConfigTellsWhatIsGoneAndWhatHasAnotherShape) {
  const Json config = ParseJson(Config("Lion", R"("use_ema": true)"), "");
  const auto model = ReadKerasModel(config);
  StoreContext context;
  context.model = model.get();
  context.optimizer =
      ReadKerasOptimizer(&config["compile_config"]["optimizer"]);
  const Layout expected = Expected("Lion", R"("use_ema": true)");
  const KerasStore whole =
      StoreWith({{3, 4}, {4}, {4, 2}, {2}, {3, 4}, {4}, {4, 2}, {2}});
  EXPECT_THAT(Findings(Listed(whole, context), expected), IsEmpty());

  KerasStore store = whole;
  auto& first = store["layers/dense"].variables;
  first[1].variable.shape = Shape::Of({7});
  EXPECT_THAT(Findings(Listed(store, context), expected),
              ElementsAre("shape-mismatch"));

  first.erase(first.begin());
  first[0].variable.shape = Shape::Of({4});
  const Layout layout = Listed(store, context);
  EXPECT_EQ(layout.variables[0].name, "m/a/bias");
  EXPECT_THAT(Findings(layout, expected), ElementsAre("untracked-variable"));
}

// Saving adds them to the kernel, and the optimizer keeps their slots.
TEST(KerasStoreLayoutTest, AdaptersAreInNoStoreAndNotMissed) {
  std::string json = Config("Lion", "");
  json.replace(json.find(R"("units": 2)"), 10, R"("units": 2, "lora_rank": 1)");
  MemoryFileSystem files;
  files.Add("model.json", json);
  const Layout expected = ReadSource(Source(files, "model.json"), {}).value();
  const auto model = ReadKerasModel(ParseJson(json, ""));
  StoreContext context;
  context.model = model.get();
  context.optimizer.class_name = "Lion";
  const KerasStore store = StoreWith({{3, 4}, {4}, {2}, {4, 1}, {1, 2}});
  EXPECT_THAT(Findings(Listed(store, context), expected), IsEmpty());
  EXPECT_THAT(Findings(Listed(store), expected), IsEmpty());
  // One of two is kept: so the other is gone.
  Layout half = expected;
  std::erase_if(half.variables, [](const Variable& variable) {
    return variable.name.ends_with("lora_kernel_a");
  });
  EXPECT_THAT(Findings(half, expected),
              testing::Contains("untracked-variable"));
  KerasStore other = store;
  other.erase("layers/dense_1");
  EXPECT_THAT(Findings(Listed(other, context), expected),
              testing::Contains("untracked-variable"));
}

TEST(KerasStoreLayoutTest, AKernelThatItsWrapperStoresTooIsOneVariable) {
  KerasStore store;
  AddGroup("layers/spectral_normalization", {{3, 4}, {1, 4}}, &store);
  AddGroup("layers/spectral_normalization/layer", {{3, 4}, {4}}, &store);
  const Layout layout = Listed(store);
  ASSERT_EQ(layout.variables.size(), 3u);
  EXPECT_THAT(layout.variables[1].keys,
              ElementsAre("layers/spectral_normalization/layer/vars/0",
                          "layers/spectral_normalization/vars/0"));
  // A wrapper with weights of its own.
  store["layers/spectral_normalization"].variables[1].variable.shape =
      Shape::Of({1, 3});
  EXPECT_EQ(Listed(store).variables.size(), 4u);
}

}  // namespace
}  // namespace ckptdiff
