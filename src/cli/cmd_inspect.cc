// inspect: what is in it. Shaped by --only, --without and --names-only, its
// document is a spec learned from a file that is known to be good.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/options.h"
#include "cli/output.h"

namespace ckptdiff {
namespace {

// What --only and --without speak of.
struct Part {
  std::string_view id;
  bool (*holds)(Role role);
};

constexpr std::array kParts = {
    Part{"weights", [](Role role) { return role == Role::kWeight; }},
    Part{"optimizer",
         [](Role role) {
           return role == Role::kSlot || role == Role::kOptimizer;
         }},
    Part{"averages", [](Role role) { return role == Role::kAverage; }},
    Part{"step", [](Role role) { return role == Role::kStep; }},
    Part{"bookkeeping", [](Role role) { return role == Role::kBookkeeping; }},
};

std::vector<std::string_view> PartIds() {
  std::vector<std::string_view> ids;
  ids.reserve(std::size(kParts));
  for (const Part& part : kParts) ids.push_back(part.id);
  return ids;
}

std::optional<Error> CheckParts(std::string_view option,
                                const std::vector<std::string>& typed) {
  std::vector<std::string_view> ids = PartIds();
  for (const std::string& id : typed) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    return UsageError(
        fmt::format("{} takes {}, not '{}'", option, fmt::join(ids, "|"), id),
        DidYouMean(id, ids, ""));
  }
  return std::nullopt;
}

bool Names(const std::vector<std::string>& parts, Role role) {
  for (const Part& part : kParts) {
    if (!part.holds(role)) continue;
    return std::find(parts.begin(), parts.end(), part.id) != parts.end();
  }
  return false;
}

// Without what was not asked for; without all but names, where these alone
// were asked for (keys stay: they are what a file calls a variable).
void Shape(const Arguments& arguments, Layout* layout) {
  auto is_left_out = [&](Role role) {
    bool wanted = arguments.only.empty() || Names(arguments.only, role);
    return !wanted || Names(arguments.without, role);
  };
  std::erase_if(layout->variables, [&](const Variable& variable) {
    return is_left_out(variable.role);
  });
  if (is_left_out(Role::kSlot)) layout->optimizers.clear();
  if (!arguments.names_only) return;
  for (Variable& variable : layout->variables) {
    variable.shape = ckptdiff::Shape::Unknown();
    variable.dtype.clear();
    variable.bytes.reset();
    variable.data.reset();
    variable.checksum.reset();
  }
}

// What --names-only is to a person: a name a line.
std::string NamesAsText(const std::vector<Layout>& layouts) {
  std::string lines;
  for (const Layout& layout : layouts) {
    for (const Variable& variable : layout.variables) {
      std::string label = SlotLabel(variable);
      lines += Printable(label.empty() ? variable.name : label) + "\n";
    }
  }
  return lines;
}

void Declare(CLI::App* app, Arguments* arguments) {
  app->add_option("SOURCE", arguments->paths)->required();
  app->add_option("--only", arguments->only,
                  "only this part: weights, optimizer, averages, step or "
                  "bookkeeping; repeatable")
      ->type_name("PART")
      ->expected(1)
      ->take_all();
  app->add_option("--without", arguments->without,
                  "all but this part; repeatable")
      ->type_name("PART")
      ->expected(1)
      ->take_all();
  app->add_flag("--names-only", arguments->names_only,
                "no shapes, no dtypes; as text a name a line");
  DeclareSubtree(app, arguments);
  DeclareReportOptions(app, arguments);
}

int Run(const Arguments& arguments, const Settings& settings,
        const Streams& streams) {
  for (const auto& [option, parts] :
       {std::pair{"--only", &arguments.only},
        std::pair{"--without", &arguments.without}}) {
    if (auto wrong = CheckParts(option, *parts)) return Fail(*wrong, streams);
  }
  Result<std::unique_ptr<Output>> opened =
      Output::Open(arguments.output, streams.out);
  if (!opened.ok()) return Fail(opened.error(), streams);
  Output& output = *opened.value();

  std::vector<Layout> layouts;
  int status = kDone;
  for (const std::string& path : arguments.paths) {
    Result<Layout> layout =
        ReadSide(path, ReadOptions::As::kAnything, arguments, streams);
    if (!layout.ok()) {
      status = kFailed;  // the others are still told
      continue;
    }
    if (auto wrong = CheckSubtree(arguments, {&layout.value()})) {
      return Fail(*wrong, streams);
    }
    layouts.push_back(std::move(layout).value());
    Shape(arguments, &layouts.back());
  }
  if (layouts.empty()) return status;
  Style style = StyleFor(arguments, output.stream());
  style.is_batch = arguments.paths.size() > 1;
  bool names = arguments.names_only && !settings.is_machine();
  output.Write(names ? NamesAsText(layouts)
                     : settings.reporter->layouts(layouts, style));
  return Close(&output, status, streams);
}

}  // namespace

extern const Command kInspect = {
    .id = "inspect",
    .usage = "SOURCE... [option...]",
    .summary = "what is in it?",
    .help =
        "Lists layers, variables, shapes, dtypes, bytes, optimizer slots, the "
        "step, who wrote it, and what is damaged. Only headers are read. The "
        "JSON form of a good checkpoint is a spec for `check`.",
    .examples =
        "ckptdiff inspect model.keras\n"
        "ckptdiff inspect good.ckpt --format json --without optimizer "
        "-o spec.json\n"
        "ckptdiff inspect model.pt --names-only",
    .declare = Declare,
    .run = Run,
};

}  // namespace ckptdiff
