// The options that several commands share: how they are declared, and what
// they mean once they are typed.

#ifndef CKPTDIFF_CLI_OPTIONS_H_
#define CKPTDIFF_CLI_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ckptdiff/compare.h"
#include "ckptdiff/read.h"
#include "cli/command.h"
#include "report/reporter.h"

namespace ckptdiff {

// --format, -o, --color, --quiet, --verbose.
void DeclareReportOptions(CLI::App* app, Arguments* arguments);
// --fail-on, --rule.
void DeclareSeverityOptions(CLI::App* app, Arguments* arguments,
                            std::string_view fail_on);
// --ignore.
void DeclareIgnore(CLI::App* app, Arguments* arguments);
// --subtree.
void DeclareSubtree(CLI::App* app, Arguments* arguments);

// A mistake in what was typed: one line, with the nearest word.
Error UsageError(std::string what, std::string hint = {});
// "; did you mean WORD?" as a hint, or `otherwise`.
std::string DidYouMean(std::string_view word,
                       const std::vector<std::string_view>& choices,
                       std::string otherwise);

// What was typed, understood: every command starts with this.
struct Settings {
  const Reporter* reporter = nullptr;
  CompareOptions compare;
  Severity fail_on = Severity::kError;
  bool never_fails = false;

  // True for forms that programs read.
  bool is_machine() const { return reporter->id != "text"; }
  int StatusFor(Severity worst) const {
    return !never_fails && worst >= fail_on ? kFindings : kDone;
  }
};
Result<Settings> Understand(const Command& command, const Arguments& typed);

// Reads one side; prints its remarks. Where the layout cannot be told, prints
// the error and returns it.
Result<Layout> ReadSide(const std::string& path, ReadOptions::As as,
                        const Arguments& arguments, const Streams& streams);

// An error where --subtree was typed and none of the layouts has parts.
std::optional<Error> CheckSubtree(const Arguments& arguments,
                                  const std::vector<const Layout*>& layouts);

// "ckptdiff: path: where: what; hint", and status 2.
int Fail(const Error& error, const Streams& streams);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CLI_OPTIONS_H_
