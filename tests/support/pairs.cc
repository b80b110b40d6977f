#include "support/pairs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

namespace fs = std::filesystem;

// A layout document, or a real file of any format: "actual.json", "actual.pt".
Layout ReadSide(const fs::path& folder, const std::string& stem) {
  fs::path path = folder / (stem + ".json");
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(stem)) {
      path = entry.path();
    }
  }
  Result<Layout> layout = ReadLayout(path.string());
  if (!layout.ok()) {
    ADD_FAILURE() << ToString(layout.error());
    return {};
  }
  layout.value().source.path = path.filename().string();
  return std::move(layout).value();
}

std::string SideText(const std::optional<FindingSide>& side) {
  if (!side) return "-";
  std::string text = side->name;
  if (side->shape.known) text += " " + ToString(side->shape);
  return text;
}

}  // namespace

std::vector<PairCase> PairCases(const std::string& kind) {
  std::vector<PairCase> cases;
  for (const auto& id : fs::directory_iterator(TestData(kind))) {
    for (const auto& one : fs::directory_iterator(id.path())) {
      const std::string id_name = id.path().filename().string();
      const std::string name = one.path().filename().string();
      cases.push_back({.id = id_name,
                       .name = name,
                       .folder = kind + "/" + id_name + "/" + name,
                       .actual = ReadSide(one.path(), "actual"),
                       .expected = ReadSide(one.path(), "expected")});
    }
  }
  std::sort(
      cases.begin(), cases.end(),
      [](const PairCase& a, const PairCase& b) { return a.folder < b.folder; });
  return cases;
}

Report CompareCase(const PairCase& pair) {
  Result<Report> report =
      Compare(pair.actual, pair.expected, {.with_pairs = true});
  if (!report.ok()) {
    ADD_FAILURE() << pair.folder << ": " << ToString(report.error());
    return {};
  }
  return std::move(report).value();
}

std::string ListFindings(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text +=
        fmt::format("{} {}: {} → {}", ToString(finding.severity), finding.rule,
                    SideText(finding.actual), SideText(finding.expected));
    if (!finding.where.empty()) text += " at " + finding.where;
    if (!finding.transform.empty()) text += " by " + finding.transform;
    if (finding.parts) {
      text += fmt::format(
          " parts {} | {} | {}", fmt::join(finding.parts->actual, ", "),
          fmt::join(finding.parts->expected, ", "), finding.parts->how);
    }
    for (const Candidate& candidate : finding.candidates) {
      text += " or " + candidate.name;
    }
    text += "\n    " + finding.message + "\n";
  }
  return text;
}

std::string ListDiagnoses(const Report& report) {
  std::string text;
  for (const Diagnosis& diagnosis : report.diagnoses) {
    text +=
        fmt::format("{}{} {:.2f}, {} of {} findings\n    {}\n    fix: {}\n",
                    diagnosis.cause, diagnosis.harmless ? " (harmless)" : "",
                    diagnosis.confidence, diagnosis.findings.size(),
                    report.findings.size(), diagnosis.summary, diagnosis.fix);
    for (const Pattern& pattern : diagnosis.patterns) {
      text += fmt::format("    {} → {} ({})\n", pattern.from, pattern.to,
                          pattern.count);
    }
  }
  return text;
}

}  // namespace ckptdiff
