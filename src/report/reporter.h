// The shape of a report form: a stateless constant of metadata plus one
// function that turns a Report into bytes and computes nothing. A form is one
// file, one line in the list of report.cc, one golden.

#ifndef CKPTDIFF_REPORT_REPORTER_H_
#define CKPTDIFF_REPORT_REPORTER_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/audit.h"
#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"

namespace ckptdiff {

struct Style {
  bool color = false;
  int width = 80;
  bool verbose = false;   // nothing folded, every evidence
  bool quiet = false;     // the verdict only
  bool is_batch = false;  // several sources were typed, however many are told
};

struct Reporter {
  std::string_view id;  // what --format takes
  std::string_view summary;
  // `inspect`; nullptr where the form makes no sense of it.
  std::string (*layouts)(const std::vector<Layout>& layouts, const Style&);
  // `check`, `diff`.
  std::string (*report)(const Report& report, const Style&);
  // `audit`: what stands before the reports, each of them, what stands behind.
  std::string (*audit_head)(const Style&);
  std::string (*audit_item)(const Report& report, bool is_first, const Style&);
  std::string (*audit_tail)(const AuditSummary& summary, const Style&);
};

// The list: text first, the default.
const std::vector<const Reporter*>& AllReporters();
const Reporter* FindReporter(std::string_view id);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_REPORTER_H_
