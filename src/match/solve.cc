#include "match/solve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "match/decide.h"
#include "match/evidence.h"
#include "match/exchange.h"

#define CKPTDIFF_EVIDENCE(X) \
  X(kContent) \
  X(kCopies) \
  X(kEqualName) \
  X(kLeaf) \
  X(kNumbers) \
  X(kRewrites) \
  X(kSequence) \
  X(kShape) \
  X(kShifts) \
  X(kSiblings) \
  X(kSteps) \
  X(kStructure) \
  X(kSurroundings) \
  X(kWords) \
  /* one line a kind */

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const EvidenceKind name;
CKPTDIFF_EVIDENCE(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

namespace {

#define CKPTDIFF_ADDRESS(name) &name,
constexpr const EvidenceKind* kAll[] = {CKPTDIFF_EVIDENCE(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS

constexpr float kSpeaks = 0.6F;     // said for a pair, worth naming
constexpr size_t kMostRivals = 24;  // by names, shapes and order alone
constexpr size_t kLastRivals = 12;  // once neighbours were heard
constexpr int kLastPrune = 3;       // the round after which they were
constexpr float kChance = 0.6F;     // of the smaller side, paired by chance
constexpr float kTaught = 0.1F;     // share of a shift that others believe
constexpr int kRounds = 8;
constexpr float kClear = 0.25F;  // by which words single one out

// Adds up what all kinds of one stage say. What `apart` says, unweighted, is
// told in `own` as well: it is asked once.
void Weigh(const Problem& problem, bool every_round, const EvidenceKind& apart,
           std::vector<float>* own, std::vector<float>* scores) {
  for (const EvidenceKind* evidence : kAll) {
    if (evidence->every_round != every_round) continue;
    if (evidence->where_names_are_silent) continue;
    if (evidence != &apart) {
      evidence->weigh(problem, evidence->weight, *scores);
      continue;
    }
    apart.weigh(problem, 1, *own);
    for (size_t i = 0; i < own->size(); ++i) {
      (*scores)[i] += apart.weight * (*own)[i];
    }
  }
}

// How much order may say for a candidate whose words are liked so much less
// than those of the best one. Words that fit none well say little.
float Silence(float best, float likeness) {
  return std::clamp(1 - (best - likeness) * std::min(1.0F, best) / kClear, 0.1F,
                    1.0F);
}

// What names and shapes say, and order where they say nothing.
void AddLikeness(Problem* all) {
  const Problem& problem = *all;
  std::vector<float> scores(problem.candidates.size());
  std::vector<float> names(scores.size());
  Weigh(problem, false, kWords, &names, &scores);
  std::vector<float> order(scores.size());
  for (const EvidenceKind* evidence : kAll) {
    if (!evidence->where_names_are_silent) continue;
    evidence->weigh(problem, evidence->weight, order);
  }
  std::vector<float> actual(problem.actual.size());
  std::vector<float> expected(problem.expected.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const Proposal& one = problem.candidates[i];
    actual[one.actual] = std::max(actual[one.actual], names[i]);
    expected[one.expected] = std::max(expected[one.expected], names[i]);
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    Proposal& one = all->candidates[i];
    one.order = order[i] * std::min(Silence(actual[one.actual], names[i]),
                                    Silence(expected[one.expected], names[i]));
    one.likeness = scores[i];
    one.score = one.likeness + one.order;
  }
}

// Keeps the best of each row and column.
void Prune(Problem* problem, size_t most) {
  std::vector<Proposal>& all = problem->candidates;
  std::vector<bool> keep(all.size());
  const auto keep_best = [&](std::vector<uint32_t> some) {
    if (some.size() > most) {
      std::nth_element(some.begin(),
                       some.begin() + static_cast<ptrdiff_t>(most), some.end(),
                       [&](uint32_t x, uint32_t y) {
                         if (all[x].score != all[y].score) {
                           return all[x].score > all[y].score;
                         }
                         return x < y;
                       });
      some.resize(most);
    }
    for (uint32_t i : some) keep[i] = true;
  };
  for (size_t a = 0; a < problem->actual.size(); ++a) {
    std::vector<uint32_t> some(problem->row[a + 1] - problem->row[a]);
    std::iota(some.begin(), some.end(), problem->row[a]);
    keep_best(std::move(some));
  }
  for (size_t e = 0; e < problem->expected.size(); ++e) {
    keep_best({problem->by_expected.begin() + problem->column[e],
               problem->by_expected.begin() + problem->column[e + 1]});
  }
  size_t kept = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    if (keep[i]) all[kept++] = all[i];
  }
  all.resize(kept);
  Index(problem);
}

// Score against rivals on both sides, as a share.
void Believe(Problem* problem, float sharpness) {
  std::vector<Proposal>& all = problem->candidates;
  constexpr float kLow = std::numeric_limits<float>::lowest();
  std::vector<float> top_a(problem->actual.size(), kLow);
  std::vector<float> top_e(problem->expected.size(), kLow);
  for (const Proposal& one : all) {
    top_a[one.actual] = std::max(top_a[one.actual], one.score);
    top_e[one.expected] = std::max(top_e[one.expected], one.score);
  }
  std::vector<float> sum_a(problem->actual.size());
  std::vector<float> sum_e(problem->expected.size());
  for (const Proposal& one : all) {
    sum_a[one.actual] += std::exp(sharpness * (one.score - top_a[one.actual]));
    sum_e[one.expected] +=
        std::exp(sharpness * (one.score - top_e[one.expected]));
  }
  for (Proposal& one : all) {
    one.belief = std::exp(sharpness * (one.score - top_a[one.actual])) /
                 sum_a[one.actual] *
                 std::exp(sharpness * (one.score - top_e[one.expected])) /
                 sum_e[one.expected];
  }
}

// Scores anew from the beliefs of neighbours. Order yields to what the other
// blocks teach of numbers.
void HearNeighbours(Problem* problem) {
  std::vector<Proposal>& all = problem->candidates;
  std::vector<float> scores(all.size()), shifts(all.size());
  Weigh(*problem, true, kShifts, &shifts, &scores);
  std::vector<float> best_a(problem->actual.size());
  std::vector<float> best_e(problem->expected.size());
  for (size_t i = 0; i < all.size(); ++i) {
    best_a[all[i].actual] = std::max(best_a[all[i].actual], shifts[i]);
    best_e[all[i].expected] = std::max(best_e[all[i].expected], shifts[i]);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const float best = std::max(best_a[all[i].actual], best_e[all[i].expected]);
    const float share = best > kTaught ? shifts[i] / best : 1;
    all[i].score = all[i].likeness + all[i].order * share + scores[i];
  }
}

// Says of each pair what spoke for it.
void Explain(const Problem& problem, Solution* solution) {
  std::vector<float> said(problem.candidates.size());
  for (const EvidenceKind* evidence : kAll) {
    std::fill(said.begin(), said.end(), 0.0F);
    evidence->weigh(problem, 1, said);
    for (Decision& decision : solution->pairs) {
      if (said[decision.candidate] > kSpeaks) {
        decision.evidence.push_back(evidence->id);
      }
    }
  }
}

// What each candidate's own name and shape say.
std::vector<float> DirectEvidence(Problem* problem, const Solution& solution) {
  std::vector<Proposal>& all = problem->candidates;
  for (Proposal& one : all) one.belief = 0;
  for (const Decision& decision : solution.pairs) {
    all[decision.candidate].belief = 1;
  }
  std::vector<float> direct(all.size());
  kShape.weigh(*problem, kShape.weight, direct);
  for (size_t i = 0; i < all.size(); ++i) direct[i] += all[i].likeness;
  return direct;
}

// What pairs that are certain teach about the others.
std::vector<float> Lessons(const Problem& problem) {
  std::vector<float> learned(problem.candidates.size());
  kRewrites.weigh(problem, kRewrites.weight, learned);
  kShifts.weigh(problem, kShifts.weight, learned);
  return learned;
}

// Some shapes are everywhere. Of two models that have nothing in common a few
// variables find each other, but not by their names.
bool IsChance(const Problem& problem, const Solution& solution) {
  // Any counter finds another one: scalars prove no kinship.
  const auto arrays = [](const Side& side) {
    return side.size() - static_cast<size_t>(std::count(
                             side.elements.begin(), side.elements.end(), 1U));
  };
  const size_t fewer =
      std::min(arrays(problem.actual), arrays(problem.expected));
  if (fewer == 0) return false;
  size_t paired = 0, named = 0;
  for (const Decision& one : solution.pairs) {
    const uint32_t a = problem.candidates[one.candidate].actual;
    if (problem.actual.elements[a] == 1) continue;
    const auto& said = one.evidence;
    ++paired;
    named += std::count(said.begin(), said.end(), kWords.id) > 0 ? 1 : 0;
  }
  if (paired == 0) return true;
  return static_cast<float>(paired) <= kChance * static_cast<float>(fewer) &&
         2 * named < paired;
}

}  // namespace

Solution Solve(Problem* problem) {
  AddLikeness(problem);
  Prune(problem, kMostRivals);
  for (int round = 0; round < kRounds; ++round) {
    Believe(problem, 2.0F + 1.5F * static_cast<float>(round));
    HearNeighbours(problem);
    if (round == kLastPrune) Prune(problem, kLastRivals);
  }
  Solution solution = Decide(*problem);
  Explain(*problem, &solution);
  if (IsChance(*problem, solution)) return {};
  AbstainFromTwins(problem, DirectEvidence(problem, solution), Lessons,
                   &solution);
  return solution;
}

}  // namespace ckptdiff
