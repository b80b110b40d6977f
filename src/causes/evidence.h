// What a cause judges by: the comparison, its findings by rule, how the names
// of renamed variables changed, and what other causes have explained.

#ifndef CKPTDIFF_CAUSES_EVIDENCE_H_
#define CKPTDIFF_CAUSES_EVIDENCE_H_

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "causes/name_changes.h"
#include "ckptdiff/diagnosis.h"
#include "ckptdiff/finding.h"
#include "match/comparison.h"

namespace ckptdiff {

// Whose words a fix is written in.
enum class Toolkit { kOther, kTf1, kTf2, kKeras, kTorch, kFlax };

class Evidence {
 public:
  // Both must outlive the evidence.
  Evidence(const Comparison& comparison, std::span<const Finding> findings);

  const Comparison& comparison() const { return *comparison_; }
  std::span<const Finding> findings() const { return findings_; }
  const Finding& finding(size_t i) const { return findings_[i]; }

  // Positions of a rule's findings, ascending.
  const std::vector<size_t>& Of(std::string_view rule) const;
  // Those of several rules, one rule after the other.
  std::vector<size_t> OfAny(
      std::initializer_list<std::string_view> rules) const;
  // Missing and unexpected weights, and the layers made of nothing else.
  std::vector<size_t> Absences() const;

  // How the names of renamed variables changed; where no weight is renamed,
  // those of optimizer state that stands elsewhere although its variable does
  // not.
  const NameChanges& names() const { return names_; }

  Toolkit toolkit() const { return toolkit_; }
  // True where both sides were made by different families of frameworks.
  bool FrameworksDiffer() const { return frameworks_differ_; }
  bool FrameworksAgree() const { return frameworks_agree_; }
  size_t paired_weights() const { return paired_weights_; }

  // `variables` with the slots that follow those that were renamed and those
  // that are gone.
  std::vector<size_t> WithSlots(std::vector<size_t> variables) const;

  // `variables` with the layers that are gone because these are: those of which
  // nothing else is missing.
  std::vector<size_t> WithLayers(std::vector<size_t> variables) const;

  // Notes that a cause has explained them, for those asked after it.
  void Claim(const std::vector<size_t>& findings);
  // `findings` without what is claimed.
  std::vector<size_t> Unclaimed(std::vector<size_t> findings) const;

 private:
  // By position in the layout of either side.
  struct Marks {
    std::vector<bool> expected, actual;
  };

  // The model's variables that these findings speak of; the checkpoint's where
  // the model has none.
  Marks Told(const std::vector<size_t>& variables) const;

  const Comparison* comparison_;
  std::span<const Finding> findings_;
  std::unordered_map<std::string_view, std::vector<size_t>> by_rule_;
  NameChanges names_;
  Toolkit toolkit_ = Toolkit::kOther;
  bool frameworks_differ_ = false;
  bool frameworks_agree_ = false;
  size_t paired_weights_ = 0;
  std::vector<bool> claimed_;
};

// What the certainty of a cause about names is worth where the names changed in
// other ways too: 1 where they did not, 0.8 where all did.
double Clarity(const Evidence& evidence,
               std::initializer_list<ChangeKind> kinds);

// One diagnosis, or none where it would rest on nothing. Sorts `findings`.
std::vector<Diagnosis> Explain(double confidence, std::vector<size_t> findings,
                               std::string summary, std::string fix);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_EVIDENCE_H_
