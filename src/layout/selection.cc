#include "layout/selection.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "layout/anchor.h"

namespace ckptdiff {
namespace {

// The entries of a `rename`, compiled.
class Renamer {
 public:
  static Result<Renamer> Make(const std::vector<Rename>& entries) {
    Renamer renamer;
    for (const Rename& entry : entries) {
      RE2::Options options;
      options.set_log_errors(false);
      auto from = std::make_unique<RE2>(entry.from, options);
      std::string why;
      if (!from->ok()) {
        why = from->error();
      } else {
        from->CheckRewriteString(entry.to, &why);
      }
      if (!why.empty()) {
        return Error{.code = ErrorCode::kUsage,
                     .where = "rename",
                     .what = fmt::format("\"{}\" → \"{}\": {}", entry.from,
                                         entry.to, why)};
      }
      renamer.entries_.push_back({std::move(from), entry.to});
    }
    return renamer;
  }

  std::string operator()(const std::string& name) const {
    std::string renamed = name;
    for (const auto& [from, to] : entries_) RE2::Replace(&renamed, *from, to);
    return renamed;
  }

 private:
  std::vector<std::pair<std::unique_ptr<RE2>, std::string>> entries_;
};

// A layer goes with its variable: "dense1" of "dense1/kernel" is "dense_1"
// once the variable is "dense_1/kernel".
std::string RenamedLayer(const std::string& layer, std::string_view before,
                         std::string_view after) {
  if (layer.empty() || !before.starts_with(layer)) return layer;
  std::string_view rest = before.substr(layer.size());
  if (!after.ends_with(rest)) return layer;
  return std::string(after.substr(0, after.size() - rest.size()));
}

Error TwoBecameOne(const std::string& first, const std::string& second,
                   const std::string& name) {
  return {.code = ErrorCode::kInvalidLayout,
          .where = "rename",
          .what = fmt::format("\"{}\" and \"{}\" both become \"{}\"", first,
                              second, name),
          .hint = "make the pattern match only one of them"};
}

// Renames variables, slot owners and layers; nullopt: done.
std::optional<Error> ApplyRename(const Renamer& rename, Layout* layout) {
  std::unordered_map<std::string, std::string> layers;
  std::unordered_map<std::string, std::string> origin;  // new name → old name
  for (Variable& variable : layout->variables) {
    std::string name = rename(variable.name);
    auto [at, is_new] = origin.emplace(name, variable.name);
    if (!is_new && at->second != variable.name) {
      return TwoBecameOne(at->second, variable.name, name);
    }
    std::string layer = RenamedLayer(variable.layer, variable.name, name);
    layers.emplace(variable.layer, layer);
    variable.layer = std::move(layer);
    variable.name = std::move(name);
    if (variable.slot && variable.slot->owner) {
      variable.slot->owner = rename(*variable.slot->owner);
    }
    if (!variable.tied_to.empty()) variable.tied_to = rename(variable.tied_to);
  }
  for (Layer& layer : layout->layers) {
    auto found = layers.find(layer.name);
    if (found != layers.end()) layer.name = found->second;
  }
  return std::nullopt;
}

bool MatchesAny(const std::vector<Glob>& globs, const Variable& variable) {
  const std::string label = SlotLabel(variable);
  return std::any_of(globs.begin(), globs.end(), [&](const Glob& glob) {
    return glob.Matches(variable.name) ||
           (!variable.key.empty() && glob.Matches(variable.key)) ||
           (!label.empty() && glob.Matches(label));
  });
}

// The variables that `leave_out` names, and the slots of those.
template <typename Predicate>
std::vector<bool> WithSlots(const Layout& layout, const Predicate& leave_out) {
  std::vector<bool> out(layout.variables.size());
  std::unordered_set<std::string_view> keys, names;
  for (size_t i = 0; i < out.size(); ++i) {
    const Variable& variable = layout.variables[i];
    if (!leave_out(variable)) continue;
    out[i] = true;
    if (variable.slot) continue;
    keys.insert(variable.key);
    keys.insert(variable.keys.begin(), variable.keys.end());
    names.insert(variable.name);
  }
  if (names.empty()) return out;
  for (size_t i = 0; i < out.size(); ++i) {
    const std::optional<Slot>& slot = layout.variables[i].slot;
    if (!slot || !slot->owner) continue;
    if (slot->owner_key.empty() ? names.contains(*slot->owner)
                                : keys.contains(slot->owner_key)) {
      out[i] = true;
    }
  }
  return out;
}

// Takes out the marked variables; copies only where there are any.
uint64_t Remove(const std::vector<bool>& marked, const Layout& from,
                std::optional<Layout>* own) {
  auto count = std::count(marked.begin(), marked.end(), true);
  if (count == 0) return 0;
  if (!*own) *own = from;
  std::vector<Variable>& variables = (*own)->variables;
  size_t i = 0;
  std::erase_if(variables, [&](const Variable&) { return marked[i++]; });
  return static_cast<uint64_t>(count);
}

// The names of the layers of which this side does not know the variables.
std::vector<std::string> UnknownLayers(const Layout& layout) {
  std::vector<std::string> names;
  for (const Layer& layer : layout.layers) {
    if (!layer.variables_known) names.push_back(layer.name);
  }
  return names;
}

class BelongsToLayer {
 public:
  explicit BelongsToLayer(const std::vector<std::string>& layers)
      : layers_(layers.begin(), layers.end()) {}

  bool operator()(const Variable& variable) const {
    if (layers_.contains(variable.layer)) return true;
    std::string_view name = variable.name;
    for (size_t end = name.find_last_of("/."); end != std::string_view::npos;
         end = end == 0 ? std::string_view::npos
                        : name.find_last_of("/.", end - 1)) {
      if (layers_.contains(name.substr(0, end))) return true;
    }
    return false;
  }

 private:
  std::unordered_set<std::string_view> layers_;
};

}  // namespace

Result<Selection> Select(const Layout& actual, const Layout& expected,
                         const std::vector<std::string>& ignore) {
  Selection selection(actual, expected);
  if (!expected.rename.empty()) {
    Result<Renamer> renamer = Renamer::Make(expected.rename);
    if (!renamer.ok()) return renamer.error();
    selection.own_actual_ = actual;
    std::optional<Error> error =
        ApplyRename(renamer.value(), &*selection.own_actual_);
    if (error) return *std::move(error);
  }
  if (std::string anchor = FindAnchor(selection.actual(), expected);
      !anchor.empty()) {
    selection.own_expected_ = expected;
    AnchorKeys(anchor, &*selection.own_expected_);
  }
  auto take_out = [&selection](bool of_actual, const auto& leave_out) {
    const Layout& side = of_actual ? selection.actual() : selection.expected();
    return Remove(
        WithSlots(side, leave_out), side,
        of_actual ? &selection.own_actual_ : &selection.own_expected_);
  };
  std::vector<Glob> globs;
  for (const std::string& glob : expected.ignore) globs.emplace_back(glob);
  for (const std::string& glob : ignore) globs.emplace_back(glob);
  if (!globs.empty()) {
    auto is_ignored = [&globs](const Variable& variable) {
      return MatchesAny(globs, variable);
    };
    selection.ignored_ += take_out(true, is_ignored);
    selection.ignored_ += take_out(false, is_ignored);
  }
  std::vector<std::string> unknown_expected = UnknownLayers(expected);
  std::vector<std::string> unknown_actual = UnknownLayers(actual);
  if (!unknown_expected.empty()) {
    take_out(true, BelongsToLayer(unknown_expected));
  }
  if (!unknown_actual.empty()) {
    take_out(false, BelongsToLayer(unknown_actual));
  }
  return selection;
}

}  // namespace ckptdiff
