// check and diff: the same path, told in other words.

#include <CLI/CLI.hpp>
#include <optional>

#include "ckptdiff/unreadable.h"
#include "cli/options.h"
#include "cli/output.h"
#include "content/contents.h"

namespace ckptdiff {
namespace {

struct Sides {
  std::string actual;
  ReadOptions::As actual_as;
  std::string expected;
  ReadOptions::As expected_as;
};

std::optional<SideSummary> SummaryOf(const Result<Layout>& layout) {
  if (!layout.ok()) return std::nullopt;
  return Summarize(layout.value());
}

// Values are compared between two files.
std::optional<Error> CheckHasData(const std::vector<const Layout*>& layouts) {
  for (const Layout* layout : layouts) {
    if (HasReachableData(*layout)) continue;
    return Error{ErrorCode::kUsage,
                 layout->source.path,
                 {},
                 "--content compares values, and none can be read here",
                 "it takes two checkpoints that store them plainly: not "
                 "compressed, not in pieces"};
  }
  return std::nullopt;
}

// Both sides are tried, so that one run names every path that is wrong.
int CompareSides(const Sides& sides, const Settings& settings,
                 const Arguments& arguments, const Streams& streams) {
  if (sides.actual == "-" && sides.expected == "-") {
    return Fail(UsageError("standard input is one document and cannot be both "
                           "sides"),
                streams);
  }
  Result<std::unique_ptr<Output>> opened =
      Output::Open(arguments.output, streams.out);
  if (!opened.ok()) return Fail(opened.error(), streams);
  Output& output = *opened.value();
  const Style style = StyleFor(arguments, output.stream());

  Result<Layout> actual =
      ReadSide(sides.actual, sides.actual_as, arguments, streams);
  Result<Layout> expected =
      ReadSide(sides.expected, sides.expected_as, arguments, streams);
  if (!actual.ok() || !expected.ok()) {
    if (!settings.is_machine()) return kFailed;
    const Error& error = !actual.ok() ? actual.error() : expected.error();
    Report report = UnreadableReport(settings.compare.command, error,
                                     SummaryOf(actual), SummaryOf(expected));
    report.diagnoses = DiagnoseUnreadable(error);
    output.Write(settings.reporter->report(report, style));
    return Close(&output, kFailed, streams);
  }

  if (auto wrong =
          CheckSubtree(arguments, {&actual.value(), &expected.value()})) {
    return Fail(*wrong, streams);
  }
  if (arguments.content) {
    if (auto wrong = CheckHasData({&actual.value(), &expected.value()})) {
      return Fail(*wrong, streams);
    }
  }
  Result<Report> report =
      Compare(actual.value(), expected.value(), settings.compare);
  if (!report.ok()) return Fail(report.error(), streams);
  output.Write(settings.reporter->report(report.value(), style));
  return Close(&output, settings.StatusFor(WorstSeverity(report.value())),
               streams);
}

void DeclareCompareOptions(CLI::App* app, Arguments* arguments,
                           std::string_view fail_on) {
  DeclareSeverityOptions(app, arguments, fail_on);
  DeclareIgnore(app, arguments);
  app->add_flag("--content", arguments->content,
                "also read the data of both files: equal values, transposed "
                "ones too, pair variables whatever their names");
  app->add_flag("--pairs", arguments->pairs,
                "add the whole correspondence to the report");
  DeclareSubtree(app, arguments);
  DeclareReportOptions(app, arguments);
}

void DeclareCheck(CLI::App* app, Arguments* arguments) {
  app->add_option("CHECKPOINT", arguments->paths)->expected(1)->required();
  app->add_option("--spec", arguments->spec,
                  "what is expected: a model description, a layout document "
                  "(- is standard input), or another checkpoint")
      ->type_name("MODEL")
      ->required();
  DeclareCompareOptions(app, arguments, "error");
}

int RunCheck(const Arguments& arguments, const Settings& settings,
             const Streams& streams) {
  return CompareSides({arguments.paths[0], ReadOptions::As::kCheckpoint,
                       arguments.spec, ReadOptions::As::kModel},
                      settings, arguments, streams);
}

void DeclareDiff(CLI::App* app, Arguments* arguments) {
  app->add_option("OLD NEW", arguments->paths)->expected(2)->required();
  DeclareCompareOptions(app, arguments, "note");
}

int RunDiff(const Arguments& arguments, const Settings& settings,
            const Streams& streams) {
  Settings as_diff = settings;
  as_diff.compare.is_diff = true;
  return CompareSides({arguments.paths[0], ReadOptions::As::kCheckpoint,
                       arguments.paths[1], ReadOptions::As::kCheckpoint},
                      as_diff, arguments, streams);
}

}  // namespace

extern const Command kCheck = {
    .id = "check",
    .usage = "CHECKPOINT --spec MODEL [option...]",
    .summary = "will this model load this checkpoint, and if not, why?",
    .help =
        "Compares what the checkpoint holds with what the model expects: "
        "variables, shapes, dtypes, optimizer slots. Nothing of the model is "
        "run, and no tensor data is read without --content. `ckptdiff "
        "CHECKPOINT MODEL` is the "
        "same.",
    .examples =
        "ckptdiff check runs/17/model.h5 --spec model.json\n"
        "ckptdiff check ckpt-900 --spec ckpt-900.meta --fail-on "
        "warning\n"
        "ckptdiff check model.pt --spec spec.yaml --format json",
    .declare = DeclareCheck,
    .run = RunCheck,
};

extern const Command kDiff = {
    .id = "diff",
    .usage = "OLD NEW [option...]",
    .summary = "what changed between two checkpoints?",
    .help =
        "Says which variables and slots were added, removed, renamed or given "
        "another shape or dtype. As with diff(1), status 0 means no "
        "difference. The kind of file, its keys and its metadata are none.",
    .examples =
        "ckptdiff diff ckpt-900 ckpt-1000\n"
        "ckptdiff diff old.safetensors new.safetensors --format json",
    .declare = DeclareDiff,
    .run = RunDiff,
};

}  // namespace ckptdiff
