#include "rules/severities.h"

#include <algorithm>

namespace ckptdiff {
namespace {

const Severity* UserSeverity(const CompareOptions& options,
                             const std::string& rule) {
  const Severity* last = nullptr;  // the last one typed wins
  for (const auto& [id, severity] : options.severities) {
    if (id == rule) last = &severity;
  }
  return last;
}

// Which findings only harmless diagnoses explain.
std::vector<bool> HarmlessFindings(const std::vector<Diagnosis>& diagnoses,
                                   size_t findings) {
  std::vector<bool> harmless(findings), harmful(findings);
  for (const Diagnosis& diagnosis : diagnoses) {
    for (size_t i : diagnosis.findings) {
      (diagnosis.harmless ? harmless : harmful)[i] = true;
    }
  }
  for (size_t i = 0; i < findings; ++i) {
    harmless[i] = harmless[i] && !harmful[i];
  }
  return harmless;
}

void DropFindings(std::vector<Diagnosis>* diagnoses,
                  std::vector<Finding>* findings) {
  std::vector<size_t> new_position(findings->size());
  size_t kept = 0;
  for (size_t i = 0; i < findings->size(); ++i) {
    bool off = (*findings)[i].severity == Severity::kOff;
    new_position[i] = off ? findings->size() : kept;
    if (!off && kept != i) (*findings)[kept] = std::move((*findings)[i]);
    if (!off) ++kept;
  }
  size_t dropped = findings->size();
  if (kept == dropped) return;
  findings->resize(kept);
  for (Diagnosis& diagnosis : *diagnoses) {
    for (size_t& i : diagnosis.findings) i = new_position[i];
    std::erase(diagnosis.findings, dropped);
  }
  std::erase_if(*diagnoses, [](const Diagnosis& diagnosis) {
    return diagnosis.findings.empty();
  });
}

}  // namespace

void SettleSeverities(const CompareOptions& options,
                      std::vector<Diagnosis>* diagnoses,
                      std::vector<Finding>* findings) {
  std::vector<bool> harmless = HarmlessFindings(*diagnoses, findings->size());
  for (size_t i = 0; i < findings->size(); ++i) {
    Finding& finding = (*findings)[i];
    if (const Severity* set = UserSeverity(options, finding.rule)) {
      finding.severity = *set;
    } else if (harmless[i] && !options.is_diff) {
      finding.severity = Severity::kNote;
    }
  }
  DropFindings(diagnoses, findings);
}

}  // namespace ckptdiff
