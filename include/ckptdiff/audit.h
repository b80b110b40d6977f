// The state of every checkpoint below some paths.

#ifndef CKPTDIFF_AUDIT_H_
#define CKPTDIFF_AUDIT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/compare.h"
#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

struct AuditOptions {
  const Layout* expected = nullptr;  // checked against it, where given
  CompareOptions compare;
  unsigned jobs = 0;  // 0: as many as the machine has cores
  // Told on the calling thread how far it is, before and after each report.
  std::function<void(size_t done, size_t total)> progress;
};

struct AuditSummary {
  struct RuleCount {
    std::string rule;
    uint64_t errors = 0;
    uint64_t warnings = 0;
    uint64_t notes = 0;
    uint64_t checkpoints = 0;
  };
  uint64_t checkpoints = 0;
  uint64_t clean = 0;
  uint64_t findings = 0;
  uint64_t unreadable = 0;
  uint64_t skipped = 0;          // model descriptions and layout documents
  std::vector<RuleCount> rules;  // ordered by id
};

// Calls `sink` once per checkpoint, ordered by path as bytes, on the calling
// thread, with one report each; the output is the same for any `jobs`. Only a
// path that does not exist is an error.
Result<AuditSummary> Audit(const std::vector<std::string>& paths,
                           const AuditOptions& options,
                           const std::function<void(const Report&)>& sink);

}  // namespace ckptdiff

#endif  // CKPTDIFF_AUDIT_H_
