// The list of causes, in the order of the contract, and how they are weighed.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "causes/cause.h"

#define CKPTDIFF_CAUSES(X) \
  X(kLayersRenamed) \
  X(kScopePrefix) \
  X(kWrapperPrefix) \
  X(kBlindPrefixStrip) \
  X(kAutoNumberedNames) \
  X(kContainerPathChanged) \
  X(kCrossLibraryNames) \
  X(kReparametrization) \
  X(kKeyTypeChanged) \
  X(kHeadReplaced) \
  X(kVocabularyResized) \
  X(kTransposedLayout) \
  X(kFusedParameters) \
  X(kDtypeChanged) \
  X(kConfigMismatch) \
  X(kArchitectureChanged) \
  X(kVersionDrift) \
  X(kWrongCheckpoint) \
  X(kBufferPersistence) \
  X(kTiedWeights) \
  X(kPartialCheckpoint) \
  X(kUntrackedVariableCause) \
  X(kModelNotBuilt) \
  X(kAveragesMissing) \
  X(kStepMissing) \
  X(kSlotsNeverCreated) \
  X(kSlotsNotSaved) \
  X(kOptimizerChanged) \
  X(kOptimizerLayoutChanged) \
  X(kTrainableSetChanged) \
  X(kUnusedOptimizerState) \
  X(kDamagedFile) \
  X(kMissingShardCause) \
  X(kStaleIndex) \
  X(kWrongPathForm) \
  X(kWrongFormat) \
  X(kNestedBundle) \
  X(kUnsafePickleCause) \
  X(kShardedNotGathered) \
  /* one line a cause */

namespace ckptdiff {

#define CKPTDIFF_DECLARE(name) extern const Cause name;
CKPTDIFF_CAUSES(CKPTDIFF_DECLARE)
#undef CKPTDIFF_DECLARE

const std::vector<const Cause*>& AllCauses() {
#define CKPTDIFF_ADDRESS(name) &name,
  static const std::vector<const Cause*> causes = {
      CKPTDIFF_CAUSES(CKPTDIFF_ADDRESS)};
#undef CKPTDIFF_ADDRESS
  return causes;
}

const std::vector<CauseInfo>& Causes() {
  static const std::vector<CauseInfo> infos = [] {
    std::vector<CauseInfo> all;
    for (const Cause* cause : AllCauses()) all.push_back(cause->info);
    return all;
  }();
  return infos;
}

namespace {

constexpr double kNoteWeight = 0.05;

// A failing check is explained before a note is.
double Weight(const Finding& finding) {
  switch (finding.severity) {
    case Severity::kError: return 1;
    case Severity::kWarning: return 0.5;
    default: return kNoteWeight;
  }
}

// A cause, by its place in the list, and what it says.
using Placed = std::pair<size_t, Diagnosis>;

// What nothing but a harmless cause explains will be a note.
std::vector<double> Weights(const Evidence& evidence,
                            const std::vector<Placed>& found) {
  enum class By : uint8_t { kNone, kHarmless, kHarmful };
  std::vector<By> explained(evidence.findings().size(), By::kNone);
  for (const auto& [place, diagnosis] : found) {
    const By by = diagnosis.harmless ? By::kHarmless : By::kHarmful;
    for (size_t i : diagnosis.findings) {
      explained[i] = std::max(explained[i], by);
    }
  }
  std::vector<double> weights;
  weights.reserve(explained.size());
  for (size_t i = 0; i < explained.size(); ++i) {
    weights.push_back(explained[i] == By::kHarmless
                          ? kNoteWeight
                          : Weight(evidence.finding(i)));
  }
  return weights;
}

// Sure of little is less than nearly sure of all: the share of what is wrong
// that a cause explains is worth two fifths of its confidence.
void Weigh(const Evidence& evidence, std::vector<Placed>* found) {
  const std::vector<double> weights = Weights(evidence, *found);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (auto& [place, diagnosis] : *found) {
    double explained = 0;
    for (size_t i : diagnosis.findings) explained += weights[i];
    const double share = total > 0 ? explained / total : 1;
    diagnosis.confidence =
        std::round(diagnosis.confidence * (0.6 + 0.4 * share) * 100) / 100;
  }
}

}  // namespace

std::vector<Diagnosis> Diagnose(Evidence evidence) {
  std::vector<Placed> found;
  for (Turn turn : {Turn::kSpecific, Turn::kGeneral, Turn::kLast}) {
    std::vector<std::vector<size_t>> explained;
    for (size_t place = 0; place < AllCauses().size(); ++place) {
      const Cause& cause = *AllCauses()[place];
      if (cause.turn != turn || cause.diagnose == nullptr) continue;
      for (Diagnosis& diagnosis : cause.diagnose(evidence)) {
        diagnosis.cause = cause.info.id;
        // In a diff both sides are equals: nothing is harmless.
        diagnosis.harmless = (diagnosis.harmless || cause.info.harmless) &&
                             !evidence.comparison().is_diff();
        explained.push_back(diagnosis.findings);
        found.emplace_back(place, std::move(diagnosis));
      }
    }
    for (const std::vector<size_t>& findings : explained) {
      evidence.Claim(findings);
    }
  }
  Weigh(evidence, &found);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) {
                     if (a.second.confidence != b.second.confidence) {
                       return a.second.confidence > b.second.confidence;
                     }
                     return a.first < b.first;
                   });
  std::vector<Diagnosis> diagnoses;
  diagnoses.reserve(found.size());
  for (auto& [place, diagnosis] : found) {
    diagnoses.push_back(std::move(diagnosis));
  }
  return diagnoses;
}

}  // namespace ckptdiff
