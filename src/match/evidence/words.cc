// The words of both names: those that few variables have count most, so a
// prefix that every name has costs nothing.

#include <cmath>
#include <unordered_map>
#include <vector>

#include "match/evidence.h"
#include "match/mix.h"

namespace ckptdiff {
namespace {

// A word that the other side never says cannot tell its variables apart.
constexpr float kForeign = 0.4F;

struct Bag {
  struct Item {
    WordId word;
    float rarity;
  };
  std::vector<Item> items;
  float total = 0;
};

// In how many names each word stands.
std::vector<uint32_t> Count(const Side& side, size_t words) {
  std::vector<uint32_t> count(words), last(words, UINT32_MAX);
  for (uint32_t v = 0; v < side.size(); ++v) {
    for (const Token& token : side.names[v].tokens) {
      if (token.is_number || last[token.word] == v) continue;
      last[token.word] = v;
      ++count[token.word];
    }
  }
  return count;
}

std::vector<Bag> Bags(const Side& side, const std::vector<uint32_t>& count,
                      const std::vector<bool>& is_known) {
  const float n = static_cast<float>(side.size());
  std::vector<Bag> bags(side.size());
  for (uint32_t v = 0; v < side.size(); ++v) {
    const std::vector<Token>& tokens = side.names[v].tokens;
    const LeafKind leaf = side.names[v].leaf;
    size_t end = tokens.size();
    if (leaf != LeafKind::kOther && leaf != LeafKind::kNumber) {
      while (end > 0 && tokens[end - 1].is_number) --end;
      if (end > 0) --end;
    }
    for (size_t i = 0; i < end; ++i) {
      if (tokens[i].is_number) continue;
      const float share = static_cast<float>(count[tokens[i].word]) / n;
      const float rarity =
          is_known[tokens[i].word] ? 0.02F + std::log(1 / share) : kForeign;
      bags[v].items.push_back({tokens[i].word, rarity});
      bags[v].total += rarity;
    }
  }
  return bags;
}

float Common(const Bag& a, const Bag& b, const WordTable& words) {
  float common = 0;
  uint64_t used = 0;
  for (const Bag::Item& x : a.items) {
    float best = 0;
    size_t at = 0;
    for (size_t j = 0; j < b.items.size() && j < 64; ++j) {
      if ((used >> j) & 1) continue;
      const float likeness = words.Likeness(x.word, b.items[j].word);
      if (likeness > best) {
        best = likeness;
        at = j;
      }
    }
    if (best <= 0) continue;
    used |= uint64_t{1} << at;
    common += best * (x.rarity + b.items[at].rarity);
  }
  return common;
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  const size_t words = problem.words->size();
  const std::vector<uint32_t> in_actual = Count(problem.actual, words);
  const std::vector<uint32_t> in_expected = Count(problem.expected, words);
  std::vector<bool> actual_says(words), expected_says(words);
  for (WordId word = 0; word < words; ++word) {
    if (in_actual[word] > 0) actual_says[problem.words->Group(word)] = true;
    if (in_expected[word] > 0) expected_says[problem.words->Group(word)] = true;
  }
  for (WordId word = 0; word < words; ++word) {
    actual_says[word] = actual_says[problem.words->Group(word)];
    expected_says[word] = expected_says[problem.words->Group(word)];
  }
  const std::vector<Bag> actual =
      Bags(problem.actual, in_actual, expected_says);
  const std::vector<Bag> expected =
      Bags(problem.expected, in_expected, actual_says);
  // Names that differ in numbers alone have the same words.
  std::unordered_map<uint64_t, float> alike;
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    const Bag &a = actual[one.actual], &e = expected[one.expected];
    if (a.total + e.total <= 0) continue;
    auto [at, is_new] =
        alike.emplace(Mix(problem.actual.patterns[one.actual],
                          problem.expected.patterns[one.expected]),
                      0.0F);
    if (is_new) {
      at->second = Common(a, e, *problem.words) / (a.total + e.total + 0.3F);
    }
    scores[i] += weight * at->second;
  }
}

}  // namespace

extern constexpr EvidenceKind kWords = {
    .id = "name-similarity",
    .weight = 2.0F,
    .every_round = false,
    .weigh = Weigh,
};

}  // namespace ckptdiff
