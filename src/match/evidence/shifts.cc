// By how much the numbers of the parts of a block differ on both sides. If
// "convK" is "K_conv" in every other block, it is so in the one that has a
// "0_conv" as well. Numbers of blocks tell nothing of this kind: one that was
// inserted shifts only those behind it.

#include "match/evidence.h"
#include "match/tally.h"

namespace ckptdiff {
namespace {

// What one pair's belief counts against no pair at all.
constexpr float kDoubt = 0.5F;

uint64_t Key(uint64_t a, uint64_t e, uint64_t place) {
  return (a * 0x9e3779b97f4a7c15 ^ e) * 0xbf58476d1ce4e5b9 + place;
}

// Calls `hear(kind, shift)` for each number that counts the parts of a block.
template <typename Hear>
void ForEachShift(const Problem& problem, const Proposal& one, Hear hear) {
  const std::vector<Rank>& a = problem.actual.ranks[one.actual];
  const std::vector<Rank>& e = problem.expected.ranks[one.expected];
  if (a.size() != e.size()) return;
  for (size_t i = 1; i < a.size(); ++i) {
    if (!a[i].is_part && !e[i].is_part) continue;
    const uint64_t kind = Key(problem.actual.patterns[one.actual],
                              problem.expected.patterns[one.expected], i);
    hear(kind, Key(kind, static_cast<uint64_t>(e[i].number - a[i].number), 1));
  }
}

void Weigh(const Problem& problem, float weight, std::span<float> scores) {
  Tally of_kind, of_shift;
  for (const Proposal& one : problem.candidates) {
    if (one.belief < 0.01F) continue;
    ForEachShift(problem, one, [&](uint64_t kind, uint64_t shift) {
      of_kind[kind] += one.belief;
      of_shift[shift] += one.belief;
    });
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    float product = 1;
    bool found = false;
    ForEachShift(problem, problem.candidates[i],
                 [&](uint64_t kind, uint64_t shift) {
                   product *= of_shift.At(shift) / (of_kind.At(kind) + kDoubt);
                   found = true;
                 });
    if (found) scores[i] += weight * product;
  }
}

}  // namespace

extern constexpr EvidenceKind kShifts = {
    .id = "same-shift",
    .weight = 0.6F,
    .every_round = true,
    .weigh = Weigh,
};

}  // namespace ckptdiff
