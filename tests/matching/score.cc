#include "matching/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "ckptdiff/read.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Layout ReadSide(const fs::path& path) {
  Result<Layout> layout = ReadLayout(path.string());
  if (!layout.ok()) throw std::runtime_error(path.string());
  return std::move(layout).value();
}

Truth ReadTruth(const Json& document) {
  Truth truth;
  for (const Json& pair : document.at("pairs")) {
    truth.pairs.emplace(pair.at(0), pair.at(1));
  }
  for (const Json& group : document.at("groups")) {
    for (const Json& actual : group.at("actual")) {
      for (const Json& expected : group.at("expected")) {
        truth.edges.emplace(actual, expected);
      }
    }
  }
  for (const Json& set : document.at("ambiguous")) {
    truth.ambiguous.insert(set.begin(), set.end());
  }
  for (const Json& name : document.value("neutral", Json::array())) {
    truth.neutral.insert(name);
  }
  if (!document.at("cause").is_null()) {
    truth.causes.insert(document["cause"]);
    for (const Json& cause : document.value("causes_ok", Json::array())) {
      truth.causes.insert(cause);
    }
  }
  return truth;
}

bool IsIn(const std::set<std::string>& names, const NamePair& pair) {
  return names.contains(pair.first) || names.contains(pair.second);
}

// What a report gives, apart.
struct Given {
  std::vector<std::pair<NamePair, double>> pairs;
  std::set<NamePair> edges;
};

Given ReadPairs(const Report& report) {
  Given given;
  for (const ReportPair& pair : report.pairs.value()) {
    NamePair names(pair.actual, pair.expected);
    if (pair.how == "fused" || pair.how == "split") {
      given.edges.insert(names);
    } else {
      given.pairs.emplace_back(names, pair.confidence);
    }
  }
  return given;
}

void CountPair(const Truth& truth, const NamePair& pair, double confidence,
               Score* score) {
  // A part of a group that is paired with its whole is neither right nor
  // wrong, and a right guess among what nothing tells apart earns nothing.
  if (IsIn(truth.neutral, pair) || truth.edges.contains(pair)) return;
  const bool is_right = truth.pairs.contains(pair);
  const bool is_ambiguous = IsIn(truth.ambiguous, pair);
  if (is_ambiguous && is_right) return;
  const bool is_rename = pair.first != pair.second;
  score->ambiguous_wrong += is_ambiguous;
  ++score->given;
  score->right += is_right;
  score->given_renames += is_rename;
  score->right_renames += is_rename && is_right;
  if (confidence >= 0.9) {
    ++score->sure;
    score->sure_right += is_right;
  }
}

}  // namespace

std::vector<KnownPair> ReadKnownPairs(const std::string& directory) {
  std::vector<KnownPair> known;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const fs::path& path = entry.path();
    if (!fs::exists(path / "truth.json")) continue;
    Json document = Json::parse(ReadTextFile(path / "truth.json"));
    known.push_back({.id = document.at("id"),
                     .family = document.at("family"),
                     .actual = ReadSide(path / "actual.json"),
                     .expected = ReadSide(path / "expected.json"),
                     .truth = ReadTruth(document)});
  }
  std::sort(known.begin(), known.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return known;
}

Score& Score::operator+=(const Score& other) {
  layouts += other.layouts;
  given += other.given;
  right += other.right;
  given_renames += other.given_renames;
  right_renames += other.right_renames;
  wanted += other.wanted;
  found += other.found;
  wanted_renames += other.wanted_renames;
  found_renames += other.found_renames;
  wanted_edges += other.wanted_edges;
  given_edges += other.given_edges;
  right_edges += other.right_edges;
  sure += other.sure;
  sure_right += other.sure_right;
  ambiguous_wrong += other.ambiguous_wrong;
  causes += other.causes;
  first_causes += other.first_causes;
  return *this;
}

Score ScoreOf(const KnownPair& known, const Report& report,
              std::vector<std::string>* wrong) {
  const Truth& truth = known.truth;
  const Given given = ReadPairs(report);
  Score score;
  score.layouts = 1;
  std::set<NamePair> names;
  for (const auto& [pair, confidence] : given.pairs) {
    names.insert(pair);
    size_t before = score.given - score.right;
    CountPair(truth, pair, confidence, &score);
    if (wrong != nullptr && score.given - score.right > before) {
      wrong->push_back(fmt::format("{}: wrong {} -> {} ({:.2f})", known.id,
                                   pair.first, pair.second, confidence));
    }
  }
  for (const NamePair& pair : truth.pairs) {
    if (IsIn(truth.ambiguous, pair)) continue;
    const bool is_rename = pair.first != pair.second;
    const bool is_found = names.contains(pair);
    ++score.wanted;
    score.found += is_found;
    score.wanted_renames += is_rename;
    score.found_renames += is_rename && is_found;
    if (wrong != nullptr && !is_found) {
      wrong->push_back(fmt::format("{}: missed {} -> {}", known.id, pair.first,
                                   pair.second));
    }
  }
  for (const NamePair& edge : given.edges) {
    if (IsIn(truth.neutral, edge)) continue;
    ++score.given_edges;
    score.right_edges += truth.edges.contains(edge);
  }
  score.wanted_edges = truth.edges.size();
  if (!truth.causes.empty()) {
    score.causes = 1;
    score.first_causes = !report.diagnoses.empty() &&
                         truth.causes.contains(report.diagnoses[0].cause);
  }
  return score;
}

double Share(size_t part, size_t whole) {
  return whole == 0 ? 1
                    : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace ckptdiff
