// What a config says may be anything: 2,500 mutations of real ones end as a
// listing or as one line, soon.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "formats/format.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

using nlohmann::json;

// Every value of the document, containers too.
void Collect(json& value, std::vector<json*>* all) {
  all->push_back(&value);
  if (!value.is_structured()) return;
  for (json& item : value) Collect(item, all);
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::string Mutate(json document) {
    for (size_t i = 0, times = 1 + Pick(3); i < times; ++i) Once(&document);
    return document.dump();
  }

 private:
  size_t Pick(size_t below) { return random_() % below; }

  void Once(json* document) {
    std::vector<json*> all;
    Collect(*document, &all);
    json& value = *all[Pick(all.size())];
    switch (Pick(7)) {
      case 0: value = Absurd(); return;
      case 1: value = json(*all[Pick(all.size())]); return;  // of elsewhere
      case 2: Drop(&value); return;
      case 3:  // wrapped once more
        value = json::array({value, value});
        return;
      case 4:  // deeper than any config
        for (int i = 0; i < 300; ++i) value = json::array({std::move(value)});
        return;
      case 5: {  // a name that another place uses
        std::vector<json*> texts;
        for (json* one : all) {
          if (one->is_string()) texts.push_back(one);
        }
        if (texts.empty()) return;
        *texts[Pick(texts.size())] = json(*texts[Pick(texts.size())]);
        return;
      }
      default:
        if (value.is_number_integer()) {
          value = value.get<int64_t>() - 3 + static_cast<int64_t>(Pick(7));
        }
    }
  }

  json Absurd() {
    const json values[] = {nullptr,
                           -1,
                           0,
                           1e300,
                           INT64_MAX,
                           UINT64_MAX,
                           "",
                           "Dense",
                           "abc,cd->abd",
                           true,
                           json::array(),
                           json::object(),
                           json::array({2147483647, 2147483647, 2147483647})};
    return values[Pick(std::size(values))];
  }

  void Drop(json* value) {
    if (!value->is_structured() || value->empty()) return;
    auto at = value->begin();
    std::advance(at, Pick(value->size()));
    value->erase(at);
  }

  std::mt19937 random_;
};

class KerasConfigMutationTest : public ::testing::TestWithParam<const char*> {};

TEST_P(KerasConfigMutationTest, EndsAsAListingOrAsOneLine) {
  json document = json::parse(ReadTextFile(TestData(
      "formats/keras-config/" + std::string(GetParam()) + "/model.json")));
  Mutator mutator(20261123);
  size_t refused = 0;
  for (int i = 0; i < 250; ++i) {
    std::string text = mutator.Mutate(document);
    MemoryFileSystem files;
    files.Add("model.json", text);
    Result<Layout> layout = ReadSource(Source(files, "model.json"), {});
    if (layout.ok()) continue;
    ++refused;
    std::string line = ToString(layout.error());
    EXPECT_EQ(line.find('\n'), std::string::npos) << text;
    EXPECT_FALSE(layout.error().what.empty()) << text;
  }
  EXPECT_GT(refused, 25u);
  EXPECT_LT(refused, 225u);
}

INSTANTIATE_TEST_SUITE_P(Cases, KerasConfigMutationTest,
                         ::testing::Values("keras2-nested", "keras2-sequences",
                                           "keras2-shapes", "keras3-nested",
                                           "keras3-quantized_int4",
                                           "keras3-reduced", "keras3-scopes",
                                           "keras3-sequences", "keras3-shapes",
                                           "keras3.0-called_elsewhere"));

}  // namespace
}  // namespace ckptdiff
