#include "causes/phrases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_set>

#include "rules/rule.h"

namespace ckptdiff {
namespace {

const FindingSide* SideOfModel(const Finding& finding) {
  if (finding.expected) return &*finding.expected;
  return finding.actual ? &*finding.actual : nullptr;
}

std::string LayerName(const LayerIndex& layers, const FindingSide& side) {
  if (side.variable == FindingSide::kNoVariable) return side.name;
  size_t layer = layers.Of(side.variable);
  return layer == LayerIndex::kNone ? ""
                                    : std::string(layers.entries()[layer].name);
}

// Keeps the first of equal texts.
class Distinct {
 public:
  void Add(std::string text) {
    if (!text.empty() && seen_.insert(text).second) {
      items_.push_back(std::move(text));
    }
  }
  std::vector<std::string> Take() { return std::move(items_); }

 private:
  std::unordered_set<std::string> seen_;
  std::vector<std::string> items_;
};

// Python's r"…" where it has no quote of its own.
std::string RawString(std::string_view text) {
  return fmt::format("r\"{}\"", text);
}

}  // namespace

std::string Listed(const std::vector<std::string>& items, size_t most) {
  if (items.size() <= most + 1)
    return fmt::format("{}", fmt::join(items, ", "));
  std::vector<std::string> first(
      items.begin(), items.begin() + static_cast<std::ptrdiff_t>(most));
  return fmt::format("{} and {} more", fmt::join(first, ", "),
                     items.size() - most);
}

std::vector<std::string> NamesOf(const Evidence& evidence,
                                 const std::vector<size_t>& findings) {
  Distinct names;
  for (size_t i : findings) {
    const Finding& finding = evidence.finding(i);
    const FindingSide* side = SideOfModel(finding);
    if (side == nullptr) continue;
    if (side->slot && side->variable != FindingSide::kNoVariable) {
      names.Add(ShownSlot(finding.expected
                              ? evidence.comparison().expected(side->variable)
                              : evidence.comparison().actual(side->variable)));
    } else {
      names.Add(side->name);
    }
  }
  return names.Take();
}

std::vector<std::string> OwnersOf(const Evidence& evidence,
                                  const std::vector<size_t>& findings) {
  Distinct names;
  for (size_t i : findings) {
    const FindingSide* side = SideOfModel(evidence.finding(i));
    if (side == nullptr) continue;
    bool is_slot = side->slot && side->slot->owner;
    names.Add(is_slot ? *side->slot->owner : side->name);
  }
  return names.Take();
}

std::vector<std::string> LayersOf(const Evidence& evidence,
                                  const std::vector<size_t>& findings) {
  Distinct layers;
  for (size_t i : findings) {
    const Finding& finding = evidence.finding(i);
    const FindingSide* side = SideOfModel(finding);
    if (side == nullptr) continue;
    std::string layer =
        LayerName(finding.expected ? evidence.comparison().expected_layers()
                                   : evidence.comparison().actual_layers(),
                  *side);
    layers.Add(layer.empty() ? side->name : layer);
  }
  return layers.Take();
}

std::vector<std::string> RenamedLayers(const Evidence& evidence,
                                       const std::vector<size_t>& findings) {
  Distinct layers;
  for (size_t i : findings) {
    const Finding& finding = evidence.finding(i);
    if (!finding.actual || !finding.expected) continue;
    std::string from =
        LayerName(evidence.comparison().actual_layers(), *finding.actual);
    std::string to =
        LayerName(evidence.comparison().expected_layers(), *finding.expected);
    if (from == to || from.empty() || to.empty()) {
      from = finding.actual->name;
      to = finding.expected->name;
    }
    layers.Add(fmt::format("{} → {}", from, to));
  }
  return layers.Take();
}

std::string HowToRename(const Evidence& evidence,
                        const std::vector<Pattern>& patterns) {
  switch (evidence.toolkit()) {
    case Toolkit::kTf2:
      return "give the objects the attributes they were saved under, then "
             "tf.train.Checkpoint(…).restore(path)";
    case Toolkit::kKeras:
      return "load by order: model.load_weights(path) without by_name=True";
    default: break;
  }
  if (patterns.empty()) return "map the names one by one while loading";
  constexpr size_t kMostInCode = 4;
  if (patterns.size() > kMostInCode) {
    return fmt::format(
        "rename while loading: for each name k, k = re.sub(from, to, k, "
        "count=1) with each of the {} patterns, in order",
        patterns.size());
  }
  std::string rewrite = "k";
  for (const Pattern& pattern : patterns) {
    rewrite =
        fmt::format("re.sub({}, {}, {}, count=1)", RawString(pattern.from),
                    RawString(pattern.to), rewrite);
  }
  constexpr std::string_view kWhileLoading = "rename while loading: ";
  switch (evidence.toolkit()) {
    case Toolkit::kTorch:
      return fmt::format(
          "{}model.load_state_dict({{{}: v for k, v in state_dict.items()}})",
          kWhileLoading, rewrite);
    case Toolkit::kTf1:
      return fmt::format(
          "{}by_name = {{v.op.name: v for v in "
          "tf.compat.v1.global_variables()}}; tf.compat.v1.train.Saver({{k: "
          "by_name[{}] for k, _ in tf.train.list_variables(path)}})"
          ".restore(session, path)",
          kWhileLoading, rewrite);
    case Toolkit::kFlax:
      return fmt::format(
          "{}flat = flax.traverse_util.flatten_dict(tree, sep=\"/\"); tree = "
          "flax.traverse_util.unflatten_dict({{{}: v for k, v in "
          "flat.items()}}, sep=\"/\")",
          kWhileLoading, rewrite);
    default: break;
  }
  return fmt::format(
      "{}{} → {}; in a layout document: \"rename\": "
      "[{{\"from\": …, \"to\": …}}]",
      kWhileLoading, RawString(patterns.front().from),
      RawString(patterns.front().to));
}

std::string HowToLoadTheRest(Toolkit toolkit) {
  switch (toolkit) {
    case Toolkit::kTorch:
      return "model.load_state_dict(state_dict, strict=False)";
    case Toolkit::kTf1:
      return "tf.compat.v1.train.Saver([v for v in "
             "tf.compat.v1.global_variables() if v.op.name in "
             "dict(tf.train.list_variables(path))]).restore(session, path)";
    case Toolkit::kTf2:
      return "tf.train.Checkpoint(…).restore(path).expect_partial()";
    case Toolkit::kKeras:
      return "model.load_weights(path, skip_mismatch=True) (.h5: with "
             "by_name=True)";
    case Toolkit::kFlax:
      return "restore without a target and merge the tree into the "
             "initialised parameters";
    case Toolkit::kOther: break;
  }
  return "load the rest and initialise what is missing";
}

std::string HowToSkipTheOptimizer(Toolkit toolkit) {
  switch (toolkit) {
    case Toolkit::kTorch:
      return "model.load_state_dict(…) and leave optimizer.load_state_dict "
             "out: the optimizer starts cold";
    case Toolkit::kTf1:
      return "tf.compat.v1.train.Saver(tf.compat.v1.trainable_variables())"
             ".restore(session, path) after running the initializer";
    case Toolkit::kTf2:
      return "tf.train.Checkpoint(model=model).restore(path)"
             ".expect_partial(), without the optimizer";
    case Toolkit::kKeras:
      return "model.load_weights(path), then compile anew: the optimizer "
             "starts cold";
    case Toolkit::kFlax:
      return "restore the parameters alone and make a new state: "
             "tx.init(params)";
    case Toolkit::kOther: break;
  }
  return "restore the weights alone: the optimizer starts cold";
}

}  // namespace ckptdiff
