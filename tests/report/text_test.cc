// What people read, as goldens. The reports are made by hand: these tests hold
// the form, not what the engine finds.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>

#include "base/columns.h"
#include "report/reporter.h"
#include "support/fixture.h"
#include "support/schema.h"

namespace ckptdiff {
namespace {

FindingSide Side(std::string name, std::vector<int64_t> dims) {
  FindingSide side;
  side.name = std::move(name);
  side.shape = Shape::Of(std::move(dims));
  side.dtype = "float32";
  return side;
}

FindingSide SlotSide(const std::string& owner, const std::string& slot,
                     std::vector<int64_t> dims) {
  FindingSide side = Side(owner + "/Adam/" + slot, std::move(dims));
  side.role = Role::kSlot;
  side.slot = Slot{.optimizer = "Adam", .slot = slot, .owner = owner};
  return side;
}

size_t Add(std::string rule, Severity severity,
           std::optional<FindingSide> actual,
           std::optional<FindingSide> expected, Report* report) {
  Finding finding;
  finding.id = fmt::format("{:016x}", report->findings.size());
  finding.rule = std::move(rule);
  finding.severity = severity;
  finding.actual = std::move(actual);
  finding.expected = std::move(expected);
  finding.message = "what it means";
  finding.hint = "what to do about it";
  report->findings.push_back(std::move(finding));
  return report->findings.size() - 1;
}

Report Base(std::string command) {
  Report report;
  report.command = std::move(command);
  report.status = Report::Status::kFindings;
  report.actual.emplace();
  report.actual->source.path = "runs/17/model.h5";
  report.actual->source.format = "keras-h5";
  report.actual->source.writer = "Keras 2.15";
  report.expected.emplace();
  report.expected->source.path = "model.json";
  report.expected->source.format = "keras-config";
  return report;
}

// Two renamed layers with their slots, and a head of another shape.
Report Renamed() {
  Report report = Base("check");
  Diagnosis diagnosis;
  diagnosis.cause = "layers-renamed";
  diagnosis.confidence = 0.98;
  diagnosis.summary =
      "2 layers were renamed: dense1 → dense_1, dense2 → dense_2.";
  diagnosis.fix =
      "name the layers as they were saved: Dense(10, name=\"dense1\"), or "
      "rename them while loading";
  diagnosis.patterns.push_back({"^dense(\\d)/", "dense_\\1/", 4});
  for (const std::string layer : {"1", "2"}) {
    for (const std::string leaf : {"/kernel", "/bias"}) {
      std::vector<int64_t> dims = {10};
      if (leaf == "/kernel") dims.insert(dims.begin(), 20);
      std::string old_name = "dense" + layer + leaf;
      std::string new_name = "dense_" + layer + leaf;
      diagnosis.findings.push_back(Add("renamed-variable", Severity::kError,
                                       Side(old_name, dims),
                                       Side(new_name, dims), &report));
      for (const std::string slot : {"m", "v"}) {
        diagnosis.findings.push_back(
            Add("renamed-slot", Severity::kNote, SlotSide(old_name, slot, dims),
                SlotSide(new_name, slot, dims), &report));
      }
    }
  }
  report.diagnoses.push_back(std::move(diagnosis));
  Add("shape-mismatch", Severity::kError, Side("head/kernel", {2048, 10}),
      Side("head/kernel", {2048, 1000}), &report);
  report.expected->variables = 318;
  report.summary.matched = 313;
  report.summary.renamed = 4;
  report.summary.shape = 1;
  report.summary.slots = 8;
  report.summary.errors = 5;
  report.summary.notes = 8;
  return report;
}

// Forty variables of every one of twelve layers are missing, unexplained.
Report ManyMissing(const std::string& command) {
  Report report = Base(command);
  for (int layer = 0; layer < 12; ++layer) {
    for (int leaf = 0; leaf < 40; ++leaf) {
      Add("missing-variable", Severity::kError, std::nullopt,
          Side(fmt::format("encoder.layer.{}.attention.w{:02}", layer, leaf),
               {768, 768}),
          &report);
    }
  }
  Add("unexpected-variable", Severity::kWarning, Side("old", {3}), std::nullopt,
      &report);
  report.expected->variables = 500;
  report.summary.matched = 20;
  report.summary.missing = 480;
  report.summary.unexpected = 1;
  report.summary.errors = 480;
  report.summary.warnings = 1;
  return report;
}

std::string Text(const Report& report, const Style& style = {}) {
  return FindReporter("text")->report(report, style);
}

size_t WidestLine(const std::string& text) {
  size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    widest = std::max(widest, DisplayWidth(line));
  }
  return widest;
}

TEST(TextTest, TellsTheCauseFirstAndFoldsWhatItExplains) {
  ExpectGolden("reports/renamed.txt", Text(Renamed()));
}

TEST(TextTest, FoldsFortyVariablesOfTwelveLayersIntoALine) {
  ExpectGolden("reports/many-missing.txt", Text(ManyMissing("check")));
}

TEST(TextTest, ADiffAddsAndRemoves) {
  ExpectGolden("reports/diff.txt", Text(ManyMissing("diff")));
}

TEST(TextTest, NothingIsWiderThanTheTerminal) {
  for (int width : {40, 60, 80, 132}) {
    for (const Report& report : {Renamed(), ManyMissing("check")}) {
      Style style;
      style.width = width;
      std::string text = Text(report, style);
      EXPECT_LE(WidestLine(text), static_cast<size_t>(width)) << text;
    }
  }
}

TEST(TextTest, VerboseFoldsNothing) {
  Style style;
  style.verbose = true;
  EXPECT_THAT(Text(ManyMissing("check"), style),
              ::testing::HasSubstr("encoder.layer.7.attention"));
}

TEST(TextTest, ControlCharactersOfAFileReachNoTerminal) {
  Report report = Base("check");
  Add("missing-variable", Severity::kError, std::nullopt,
      Side("a\x1b[31m/b\n", {1}), &report);
  EXPECT_EQ(Text(report).find('\x1b'), std::string::npos);
}

TEST(TextTest, MachinesReadTheSameFacts) {
  for (const char* form : {"json", "jsonl"}) {
    auto document =
        ExpectDocument(FindReporter(form)->report(Renamed(), Style()));
    EXPECT_EQ(document["findings"].size(), Renamed().findings.size());
    EXPECT_EQ(document["diagnoses"][0]["patterns"][0]["count"], 4);
  }
}

}  // namespace
}  // namespace ckptdiff
