// How much of what is known to correspond the matcher finds, and how far its
// confidence can be believed: on the pairs of this directory, and on those of
// ../shared/matching where that stands beside the checkout. Fails below the
// level that was reached; a better one is written into the table here.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "ckptdiff/compare.h"
#include "compare_report.h"
#include "layout/selection.h"
#include "match/comparison.h"
#include "match/match.h"
#include "match/vocabulary.h"
#include "matching/score.h"
#include "support/fixture.h"

namespace ckptdiff {
namespace {

// The least that a set reaches. `sure`: of the pairs given with 0.9 or more,
// those that are right; `share`: how many are given so.
struct Level {
  std::string_view set;
  double precision, recall, rename_precision, rename_recall;
  double groups_precision, groups_recall, sure, share, cause;
  size_t ambiguous_wrong;
};

constexpr Level kLevels[] = {
    {"all", 0.999, 0.994, 0.999, 0.993, 1, 0.975, 0.999, 0.99, 0.98, 0},
    {"conv", 0.995, 1, 0.995, 1, 1, 0.88, 1, 0.97, 1, 0},
    {"hf4", 1, 0.998, 1, 0.998, 1, 1, 1, 0.99, 1, 0},
    {"hf5", 1, 0.997, 1, 0.995, 1, 1, 1, 0.99, 1, 0},
    {"hub", 1, 0.975, 1, 0.975, 1, 1, 1, 0.99, 1, 0},
    {"keras2", 1, 1, 1, 1, 1, 1, 1, 0.99, 1, 0},
    {"keras3", 1, 1, 1, 1, 1, 1, 1, 0.99, 1, 0},
    {"ref", 1, 0.988, 1, 0.981, 1, 1, 1, 0.99, 0.92, 0},
};

constexpr Level kSharedLevels[] = {
    {"all", 0.999, 0.998, 0.999, 0.998, 0.99, 0.99, 0.999, 0.95, 0.98, 0},
};

std::vector<KnownPair> OwnPairs() {
  return ReadKnownPairs(Root() + "/tests/matching/pairs");
}

Score Run(const KnownPair& known) {
  CompareOptions options;
  options.with_pairs = true;
  Result<Report> report = Compare(known.actual, known.expected, options);
  EXPECT_TRUE(report.ok()) << known.id;
  if (!report.ok()) return {};
  std::vector<std::string> wrong;
  Score score = ScoreOf(known, report.value(), &wrong);
  if (std::getenv("MATCHING_VERBOSE") != nullptr) {
    for (const std::string& line : wrong) fmt::print("  {}\n", line);
    if (score.first_causes < score.causes) {
      fmt::print("  {}: first cause {}\n", known.id,
                 report.value().diagnoses.empty()
                     ? "none"
                     : report.value().diagnoses[0].cause);
    }
  }
  return score;
}

std::map<std::string, Score> RunAll(const std::vector<KnownPair>& pairs) {
  std::map<std::string, Score> sets;
  for (const KnownPair& known : pairs) {
    Score score = Run(known);
    sets[known.Set()] += score;
    sets["all"] += score;
  }
  return sets;
}

void Print(const std::map<std::string, Score>& sets) {
  fmt::print(
      "{:10} {:>4} {:>6} {:>6} {:>6} | renames {:>6} {:>6} | groups "
      "{:>6} {:>6} | >=.9 {:>6} {:>6} | cause  ambiguous wrong\n",
      "", "sets", "pairs", "prec", "recall", "prec", "recall", "prec", "recall",
      "right", "share");
  for (const auto& [set, s] : sets) {
    fmt::print(
        "{:10} {:4} {:6} {:6.4f} {:6.4f} |         {:6.4f} {:6.4f} |        "
        "{:6.4f} {:6.4f} |      {:6.4f} {:6.4f} | {:6.4f} {}\n",
        set, s.layouts, s.wanted, Share(s.right, s.given),
        Share(s.found, s.wanted), Share(s.right_renames, s.given_renames),
        Share(s.found_renames, s.wanted_renames),
        Share(s.right_edges, s.given_edges),
        Share(s.right_edges, s.wanted_edges), Share(s.sure_right, s.sure),
        Share(s.sure, s.given), Share(s.first_causes, s.causes),
        s.ambiguous_wrong);
  }
}

void ExpectLevel(const Level& level, const Score& s) {
  SCOPED_TRACE(level.set);
  EXPECT_GE(Share(s.right, s.given), level.precision) << "precision";
  EXPECT_GE(Share(s.found, s.wanted), level.recall) << "recall";
  EXPECT_GE(Share(s.right_renames, s.given_renames), level.rename_precision)
      << "precision of renames";
  EXPECT_GE(Share(s.found_renames, s.wanted_renames), level.rename_recall)
      << "recall of renames";
  EXPECT_GE(Share(s.right_edges, s.given_edges), level.groups_precision)
      << "precision of groups";
  EXPECT_GE(Share(s.right_edges, s.wanted_edges), level.groups_recall)
      << "recall of groups";
  EXPECT_GE(Share(s.sure_right, s.sure), level.sure) << "right among sure";
  EXPECT_GE(Share(s.sure, s.given), level.share) << "sure among given";
  EXPECT_GE(Share(s.first_causes, s.causes), level.cause) << "cause first";
  EXPECT_LE(s.ambiguous_wrong, level.ambiguous_wrong) << "guessed wrong";
}

TEST(MatchingTest, FindsWhatFrameworksConvert) {
  std::map<std::string, Score> sets = RunAll(OwnPairs());
  Print(sets);
  for (const Level& level : kLevels) {
    ExpectLevel(level, sets[std::string(level.set)]);
  }
}

TEST(MatchingTest, FindsWhatTheSharedPairsHold) {
  CKPTDIFF_REQUIRE_SHARED(shared, "matching");
  std::map<std::string, Score> sets = RunAll(ReadKnownPairs(shared));
  Print(sets);
  for (const Level& level : kSharedLevels) {
    ExpectLevel(level, sets[std::string(level.set)]);
  }
}

// The libraries that a row of the vocabulary comes from.
std::vector<std::string> SourcesOf(const Synonyms& row) {
  std::vector<std::string> sources;
  for (std::string_view source : Split(row.source, ',')) {
    while (source.starts_with(' ')) source.remove_prefix(1);
    sources.emplace_back(source);
  }
  return sources;
}

// The rows that at least two libraries prove once `forgotten` is forgotten.
std::vector<Synonyms> VocabularyWithout(std::string_view forgotten) {
  std::vector<Synonyms> rows;
  for (const Synonyms& row : Vocabulary()) {
    const std::vector<std::string> sources = SourcesOf(row);
    const auto others = std::ranges::count_if(
        sources, [&](const std::string& one) { return one != forgotten; });
    const bool is_proven_by_others = others >= 2;
    const bool needs_it = std::cmp_less(others, sources.size());
    if (!needs_it || is_proven_by_others) rows.push_back(row);
  }
  return rows;
}

// What words can change, and nothing else: the correspondence.
Score RunWith(const std::vector<Synonyms>& vocabulary,
              const std::vector<KnownPair>& pairs) {
  CompareOptions options;
  options.with_pairs = true;
  Score sum;
  for (const KnownPair& known : pairs) {
    Result<Selection> selection = Select(known.actual, known.expected, {});
    EXPECT_TRUE(selection.ok()) << known.id;
    if (!selection.ok()) continue;
    const Layout& have = selection.value().actual();
    const Layout& want = selection.value().expected();
    const Pairing pairing = MatchLayouts(have, want, {}, vocabulary);
    sum += ScoreOf(
        known,
        BuildReport(known.actual, known.expected, selection.value(),
                    {have, want, pairing, /*is_diff=*/false}, {}, {}, options));
  }
  return sum;
}

// The words are the field's: with any one library forgotten, what is between
// libraries is still found. At most this much less.
constexpr double kOwedToOneLibrary = 0.02;

TEST(MatchingTest, OwesLittleToTheWordsOfOneLibrary) {
  std::vector<KnownPair> pairs = OwnPairs();
  std::erase_if(pairs, [](const KnownPair& known) {
    return known.Set() != "hf4" && known.Set() != "hub";
  });
  const Score whole = RunAll(pairs)["all"];
  std::set<std::string> libraries;
  for (const Synonyms& row : Vocabulary()) {
    for (std::string& source : SourcesOf(row))
      libraries.insert(std::move(source));
  }
  for (const std::string& source : libraries) {
    const std::vector<Synonyms> rest = VocabularyWithout(source);
    if (rest.size() == Vocabulary().size()) continue;  // others prove all of it
    const Score s = RunWith(rest, pairs);
    fmt::print("without {:30} precision {:.4f} recall {:.4f}\n", source,
               Share(s.right, s.given), Share(s.found, s.wanted));
    EXPECT_GE(Share(s.right, s.given),
              Share(whole.right, whole.given) - kOwedToOneLibrary)
        << "precision without " << source;
    EXPECT_GE(Share(s.found, s.wanted),
              Share(whole.found, whole.wanted) - kOwedToOneLibrary)
        << "recall without " << source;
  }
}

// A set that nobody holds to a level would pass whatever it does.
TEST(MatchingTest, EverySetHasItsLevel) {
  for (const KnownPair& known : OwnPairs()) {
    bool has_level = false;
    for (const Level& level : kLevels) has_level |= level.set == known.Set();
    EXPECT_TRUE(has_level) << known.id;
  }
}

}  // namespace
}  // namespace ckptdiff
