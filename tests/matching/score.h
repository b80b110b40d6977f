// Pairs of layouts whose correspondence is known, and how far a report finds
// it. README.md tells what the documents hold and what counts.

#ifndef CKPTDIFF_TESTS_MATCHING_SCORE_H_
#define CKPTDIFF_TESTS_MATCHING_SCORE_H_

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"

namespace ckptdiff {

using NamePair = std::pair<std::string, std::string>;  // actual, expected

// truth.json
struct Truth {
  std::set<NamePair> pairs;
  std::set<NamePair> edges;  // of groups: each part with each part
  std::set<std::string> ambiguous;
  std::set<std::string> neutral;
  std::set<std::string> causes;  // any of these first is right; empty: any
};

struct KnownPair {
  std::string id;
  std::string family;
  Layout actual;
  Layout expected;
  Truth truth;

  // The first word of the id: who made it.
  std::string Set() const { return id.substr(0, id.find('-')); }
};

// Every pair below a directory, ordered by id.
std::vector<KnownPair> ReadKnownPairs(const std::string& directory);

// Counts; they add up over pairs.
struct Score {
  size_t layouts = 0;
  size_t given = 0, right = 0;  // pairs that the report tells
  size_t given_renames = 0, right_renames = 0;
  size_t wanted = 0, found = 0;  // true pairs outside the ambiguous sets
  size_t wanted_renames = 0, found_renames = 0;
  size_t wanted_edges = 0, given_edges = 0, right_edges = 0;
  size_t sure = 0, sure_right = 0;  // given with 0.9 or more
  size_t ambiguous_wrong = 0;
  size_t causes = 0, first_causes = 0;

  Score& operator+=(const Score& other);
};

// Of one report with its correspondence (`with_pairs`). `wrong`, if given,
// takes a line for every pair that is wrong or missed.
Score ScoreOf(const KnownPair& known, const Report& report,
              std::vector<std::string>* wrong = nullptr);

// `part` of `whole`; 1 where there was nothing to do.
double Share(size_t part, size_t whole);

}  // namespace ckptdiff

#endif  // CKPTDIFF_TESTS_MATCHING_SCORE_H_
