#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "causes/cause.h"
#include "causes/common_ground.h"
#include "causes/patterns.h"
#include "causes/phrases.h"

namespace ckptdiff {
namespace {

// Where the names of the model part for the first time: the parts there.
struct Component {
  std::set<std::string_view> layers;
  size_t missing = 0;
  size_t present = 0;
};

size_t CommonDepth(const std::vector<std::vector<std::string_view>>& names) {
  size_t depth = names.empty() ? 0 : names.front().size() - 1;
  for (const auto& parts : names) {
    depth = std::min(depth, parts.size() - 1);
    for (size_t i = 0; i < depth; ++i) {
      if (parts[i] != names.front()[i]) depth = i;
    }
  }
  return depth;
}

std::map<std::string_view, Component> Components(const Comparison& comparison) {
  std::vector<std::vector<std::string_view>> names;
  std::vector<size_t> positions;
  for (size_t i = 0; i < comparison.expected().variables.size(); ++i) {
    if (comparison.expected(i).role != Role::kWeight) continue;
    names.push_back(NameParts(comparison.expected(i).name));
    positions.push_back(i);
  }
  const size_t depth = CommonDepth(names);
  std::map<std::string_view, Component> components;
  for (size_t i = 0; i < names.size(); ++i) {
    Component& component = components[names[i][depth]];
    ++(comparison.ExpectedIsPlaced(positions[i]) ? component.present
                                                 : component.missing);
    size_t layer = comparison.expected_layers().Of(positions[i]);
    if (layer != LayerIndex::kNone) {
      component.layers.insert(
          comparison.expected_layers().entries()[layer].name);
    }
  }
  return components;
}

bool IsStatistic(std::string_view name) {
  constexpr std::array<std::string_view, 6> kStatistics = {
      "running_mean",    "running_var", "moving_mean",
      "moving_variance", "mean",        "var"};
  std::string_view leaf = NameParts(name).back();
  return std::find(kStatistics.begin(), kStatistics.end(), leaf) !=
         kStatistics.end();
}

// What is missing are the statistics of the batch norms, and all of them: the
// parameters were saved, and no buffers.
bool AreAllStatistics(const Evidence& evidence,
                      const std::vector<size_t>& findings) {
  for (size_t i : findings) {
    const std::optional<FindingSide>& side = evidence.finding(i).expected;
    if (!side || !IsStatistic(side->name)) return false;
  }
  const Comparison& comparison = evidence.comparison();
  for (size_t i = 0; i < comparison.expected().variables.size(); ++i) {
    if (comparison.ExpectedIsPlaced(i) &&
        IsStatistic(comparison.expected(i).name)) {
      return false;
    }
  }
  return true;
}

std::vector<Diagnosis> OfStatistics(const Evidence& evidence,
                                    std::vector<size_t> findings) {
  const size_t count = findings.size();
  return Explain(
      0.9, std::move(findings),
      fmt::format("Only the parameters were saved: {} of the batch norms {} "
                  "not in the checkpoint.",
                  Count(count, "statistic"), count == 1 ? "is" : "are"),
      fmt::format("save the buffers too ({}): with fresh statistics the model "
                  "predicts otherwise",
                  evidence.toolkit() == Toolkit::kTorch
                      ? "model.state_dict() instead of named_parameters()"
                      : "the whole variables, batch_stats with params"));
}

// optimizer.pt instead of the model beside it.
bool IsOptimizerAlone(const Layout& layout) {
  bool has_weights =
      std::any_of(layout.variables.begin(), layout.variables.end(), IsWeight);
  return !has_weights &&
         std::any_of(layout.variables.begin(), layout.variables.end(), IsSlot);
}

std::vector<Diagnosis> OfOptimizer(const Evidence& evidence) {
  return Explain(0.95, evidence.Unclaimed(evidence.Absences()),
                 "The file holds the state of an optimizer and no weights.",
                 "name the file of the model, which trainers write beside it");
}

std::vector<Diagnosis> DiagnoseIt(const Evidence& evidence) {
  if (IsOptimizerAlone(evidence.comparison().actual())) {
    return OfOptimizer(evidence);
  }
  if (NothingInCommon(evidence)) return {};
  const std::vector<size_t> findings = evidence.Unclaimed(evidence.Absences());
  if (findings.empty() || evidence.paired_weights() == 0) return {};
  for (size_t i : findings) {
    if (evidence.finding(i).actual) return {};  // it has something else
  }
  if (AreAllStatistics(evidence, findings)) {
    return OfStatistics(evidence, findings);
  }
  std::vector<std::string> missing, present;
  size_t most_layers = 0, variables = 0;
  for (const auto& [name, component] : Components(evidence.comparison())) {
    if (component.missing == 0) {
      present.emplace_back(name);
      continue;
    }
    if (component.present > 0) return {};  // torn, not parted
    missing.emplace_back(name);
    most_layers = std::max(most_layers, component.layers.size());
    variables += component.missing;
  }
  // A part holds several layers, or is the greater one: a few single layers
  // were added since.
  const bool is_part = most_layers > 1 ||
                       (missing.size() > 1 && missing.size() >= present.size());
  if (present.empty() || !is_part) return {};
  return Explain(
      0.9, findings,
      fmt::format("Only a part of the model was saved: {} ({}) {} not in the "
                  "checkpoint, {} {}.",
                  Listed(missing), Count(variables, "variable"),
                  missing.size() == 1 ? "is" : "are", Listed(present),
                  present.size() == 1 ? "is" : "are"),
      fmt::format("load the part alone ({}), or the rest as well: {}",
                  Listed(present), HowToLoadTheRest(evidence.toolkit())));
}

}  // namespace

extern const Cause kPartialCheckpoint = {
    .info = {.id = "partial-checkpoint",
             .group = "model",
             .harmless = false,
             .summary = "only one part of the model was saved",
             .help = "Holds where whole parts of the model are missing, the "
                     "others are there and match, and the checkpoint has "
                     "nothing else: an encoder without its decoder, a backbone "
                     "without its heads, parameters without batch statistics, "
                     "an optimizer without its model."},
    .diagnose = DiagnoseIt,
    .turn = Turn::kGeneral,
};

}  // namespace ckptdiff
