// One kind of evidence: what it says about every candidate, 0 (nothing) to 1.

#ifndef CKPTDIFF_MATCH_EVIDENCE_H_
#define CKPTDIFF_MATCH_EVIDENCE_H_

#include <span>
#include <string_view>

#include "match/problem.h"

namespace ckptdiff {

struct EvidenceKind {
  std::string_view id;  // as in Pair::evidence
  float weight;         // how much it counts against the others
  // Said once of names and shapes, or anew each round from the beliefs.
  bool every_round;
  // Order: counts only where the words of the names do not decide. Weighted
  // strongly it crosses query, key and value.
  bool where_names_are_silent = false;
  // Adds weight × what it says to `scores`, one per candidate.
  void (*weigh)(const Problem& problem, float weight, std::span<float> scores);
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_EVIDENCE_H_
