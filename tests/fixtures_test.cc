// Every row of testdata/MANIFEST.json: who claims it, and what is listed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "ckptdiff/read.h"
#include "formats/format.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

struct Row {
  std::string path;
  std::string format;
};

std::vector<Row> Rows() {
  std::vector<Row> rows;
  auto manifest =
      nlohmann::json::parse(ReadTextFile(TestData("MANIFEST.json")));
  for (const auto& row : manifest["fixtures"]) {
    rows.push_back({row["path"], row["format"]});
  }
  return rows;
}

std::string Line(const Variable& variable) {
  std::string line =
      fmt::format("{} {} {} {}", ToString(variable.role), variable.name,
                  ToString(variable.shape), variable.dtype);
  if (variable.key != variable.name) line += " key=" + variable.key;
  if (!variable.layer.empty()) line += " layer=" + variable.layer;
  if (variable.trainable) line += *variable.trainable ? "" : " frozen";
  if (variable.slot) {
    line += fmt::format(" slot={} of {}", variable.slot->slot,
                        variable.slot->owner.value_or("?"));
  }
  if (!variable.tied_to.empty()) line += " tied_to=" + variable.tied_to;
  return Printable(line) + "\n";
}

std::string Dump(const Layout& layout) {
  std::string text = fmt::format(
      "format {}\nwriter {}\nstep {}\n", layout.source.format,
      layout.source.writer,
      layout.source.step ? std::to_string(*layout.source.step) : "-");
  for (const Optimizer& optimizer : layout.optimizers) {
    text += fmt::format("optimizer {} class {}\n", optimizer.id,
                        optimizer.class_name.value_or("?"));
  }
  for (const Variable& variable : layout.variables) text += Line(variable);
  for (const Issue& issue : layout.issues) {
    text += fmt::format("issue {} {}\n", issue.rule, Printable(issue.message));
  }
  return text;
}

TEST(FixturesTest, ExactlyOneFormatClaimsEachBest) {
  for (const Row& row : Rows()) {
    Source source(RealFileSystem(), TestData(row.path));
    std::vector<std::string> sure;
    for (const Format* format : AllFormats()) {
      if (format->detect(source, {}).match == Match::kYes) {
        sure.emplace_back(format->id);
      }
    }
    EXPECT_EQ(sure, std::vector<std::string>{row.format}) << row.path;
  }
}

TEST(FixturesTest, EveryFixtureListsAsItsGoldenSays) {
  for (const Row& row : Rows()) {
    Result<Layout> layout = ReadLayout(TestData(row.path));
    ASSERT_TRUE(layout.ok()) << ToString(layout.error());
    EXPECT_EQ(layout.value().source.format, row.format);
    ExpectGolden(row.path + ".listing.txt", Dump(layout.value()));
  }
}

}  // namespace
}  // namespace ckptdiff
