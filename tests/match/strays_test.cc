#include "match/strays.h"

#include <gtest/gtest.h>

#include "ckptdiff/compare.h"

namespace ckptdiff {
namespace {

void Add(std::string name, std::vector<int64_t> dims, Layout* layout) {
  Variable& variable = layout->variables.emplace_back();
  variable.name = std::move(name);
  variable.shape = Shape::Of(std::move(dims));
}

// Convolutions with batch norms behind them, or with these folded into them.
Layout ConvNet(bool is_folded, const std::string& norm = "bn") {
  Layout layout;
  layout.source.framework = "pytorch";
  for (int64_t i = 0; i < 4; ++i) {
    const std::string in = "block." + std::to_string(i) + ".";
    const int64_t filters = 8 + i;
    Add(in + "conv.weight", {filters, filters - 1, 3, 3}, &layout);
    if (is_folded) {
      Add(in + "conv.bias", {filters}, &layout);
      continue;
    }
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      Add(in + norm + "." + part, {filters}, &layout);
    }
  }
  return layout;
}

size_t Renamed(const Report& report) {
  size_t renamed = 0;
  for (const Finding& finding : report.findings) {
    renamed += finding.rule == "renamed-variable";
  }
  return renamed;
}

TEST(StraysTest, ABiasDoesNotMoveIntoAFoldedNorm) {
  for (const bool is_folded : {false, true}) {
    const Report report =
        Compare(ConvNet(is_folded), ConvNet(!is_folded)).value();
    EXPECT_EQ(Renamed(report), 0u);
    ASSERT_FALSE(report.diagnoses.empty());
    EXPECT_EQ(report.diagnoses[0].cause, "reparametrization");
  }
}

TEST(StraysTest, ALayerThatMovesWholeIsNone) {
  const Report report = Compare(ConvNet(false), ConvNet(false, "norm")).value();
  EXPECT_EQ(Renamed(report), 16u);
}

TEST(StraysTest, ValuesThatWereComparedStand) {
  const Layout actual = ConvNet(true), expected = ConvNet(false);
  const auto left = [&](std::vector<std::string_view> evidence) {
    Pairing pairing;
    pairing.pairs = {{.actual = 0, .expected = 0},
                     {.actual = 1,
                      .expected = 2,
                      .how = How::kRenamed,
                      .evidence = std::move(evidence)}};
    DropStrays(actual, expected, &pairing);
    return pairing.pairs.size();
  };
  EXPECT_EQ(left({"same-shape"}), 1u);
  EXPECT_EQ(left({"same-content"}), 2u);
}

}  // namespace
}  // namespace ckptdiff
