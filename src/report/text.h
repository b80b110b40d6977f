// What the text forms share: lines that fit the terminal.

#ifndef CKPTDIFF_REPORT_TEXT_H_
#define CKPTDIFF_REPORT_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/report.h"
#include "report/reporter.h"

namespace ckptdiff {

// `text` wrapped behind `head`: its first line stands beside the head, the
// others under it, all of `indent` and `head` columns to the right.
void AddHanging(size_t indent, std::string_view head, std::string_view text,
                const Style& style, std::string* out);

// "path (keras-h5, Keras 2.15)".
std::string Described(const SourceInfo& source);

// "5 errors, 1 warning"; empty where there is nothing.
std::string CountsOf(const ReportSummary& summary);

// `check` and `diff`.
std::string ReportAsText(const Report& report, const Style& style);
// `inspect`.
std::string LayoutsAsText(const std::vector<Layout>& layouts, const Style&);
// `audit`: a table.
std::string AuditHeadAsText(const Style& style);
std::string AuditItemAsText(const Report& report, bool is_first,
                            const Style& style);
std::string AuditTailAsText(const AuditSummary& summary, const Style& style);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_TEXT_H_
