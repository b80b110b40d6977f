#include <fmt/format.h>
#include <unordered_set>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

// What the loader of a layout knows a variable by; averages and slots have
// no name of their own everywhere.
bool LoaderSeesNames(const Layout& layout) {
  return layout.source.addressed_by == AddressedBy::kName;
}

std::vector<size_t> Repeated(const Layout& layout) {
  std::vector<size_t> repeated;
  std::unordered_set<std::string_view> seen;
  const bool by_name = LoaderSeesNames(layout);
  for (size_t i = 0; i < layout.variables.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (variable.role != Role::kWeight) continue;
    // A model description has no keys, and its loader asks for no names.
    if (!by_name && variable.key.empty()) continue;
    bool is_new =
        seen.insert(by_name ? variable.name : variable.Identity()).second;
    if (!is_new) repeated.push_back(i);
  }
  return repeated;
}

std::vector<Finding> Check(const Comparison& comparison) {
  std::vector<Finding> findings;
  auto add = [&](const Layout& layout, bool is_actual) {
    for (size_t i : Repeated(layout)) {
      Finding finding;
      FindingSide side = SideOf(layout, i);
      finding.message =
          fmt::format("{} stands more than once in the {}", Shown(side),
                      is_actual ? "checkpoint" : "model");
      (is_actual ? finding.actual : finding.expected) = std::move(side);
      findings.push_back(std::move(finding));
    }
  };
  add(comparison.actual(), true);
  add(comparison.expected(), false);
  return findings;
}

}  // namespace

extern const Rule kDuplicateVariable = {
    .info = {.id = "duplicate-variable",
             .subject = "variables",
             .severity = Severity::kWarning,
             .summary = "one side has two variables that its loader cannot tell"
                        " apart",
             .help = "Fires where two variables of one layout have the same "
                     "key, or the same name where the loader goes by name: it "
                     "takes one of them, and nothing says which. Names that "
                     "repeat under different keys are fine where the loader "
                     "goes by keys or by order.",
             .remedy = "give them different names and save again"},
    .check = Check,
};

}  // namespace ckptdiff
