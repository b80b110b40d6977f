// Which parts make which wholes: patterns of names are compared, not single
// names, and the layers of two patterns that agree go together in order.

#include "match/groups.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "match/names.h"
#include "match/part_sets.h"

namespace ckptdiff {
namespace {

constexpr float kLeastLikeness = 0.9F;
constexpr float kMargin = 0.05F;  // over the next best
// Patterns of one size; beyond it nothing tells them apart.
constexpr size_t kMostRivals = 256;

// "concat axis 0", "stack axis 0", "transpose, concat axis 1", "reorder".
std::string Method(const Layout& layout, const PartSet& set, const Shape& whole,
                   bool is_split) {
  const std::vector<int64_t>& first =
      layout.variables[set.parts.front().position].shape.dims;
  const int64_t count = static_cast<int64_t>(set.parts.size());
  bool all_equal = true;
  for (const Part& part : set.parts) {
    all_equal =
        all_equal && layout.variables[part.position].shape.dims == first;
  }
  const std::string join = is_split ? "split" : "concat";
  if (all_equal && whole.dims.size() == first.size() + 1 &&
      whole.dims.front() == count &&
      std::equal(first.begin(), first.end(), whole.dims.begin() + 1)) {
    return is_split ? "split axis 0" : "stack axis 0";
  }
  for (const bool flips : {false, true}) {
    if (set.is_numbered || whole.dims.size() != first.size()) break;
    if (flips && first.size() != 2) break;
    for (size_t axis = 0; axis < first.size(); ++axis) {
      int64_t sum = 0;
      bool fits = true;
      for (const Part& part : set.parts) {
        std::vector<int64_t> dims = layout.variables[part.position].shape.dims;
        if (flips) std::reverse(dims.begin(), dims.end());
        if (dims.size() != whole.dims.size()) return "reorder";
        for (size_t i = 0; i < dims.size(); ++i) {
          if (i == axis)
            sum += dims[i];
          else
            fits = fits && dims[i] == whole.dims[i];
        }
      }
      if (fits && sum == whole.dims[axis]) {
        return fmt::format("{}{} axis {}", flips ? "transpose, " : "", join,
                           axis);
      }
    }
  }
  return "reorder";
}

using Couples = std::vector<std::pair<const PartSet*, const Whole*>>;

// The sets and wholes of two patterns that go together: in order where there
// are as many, else by equal numbers. Sizes must agree.
Couples CouplesOf(const PartPattern& parts, const WholePattern& wholes) {
  Couples couples;
  if (parts.sets.size() == wholes.wholes.size()) {
    for (size_t i = 0; i < parts.sets.size(); ++i) {
      if (parts.sets[i].elements != wholes.wholes[i].elements) return {};
      couples.push_back({&parts.sets[i], &wholes.wholes[i]});
    }
    return couples;
  }
  auto whole = wholes.wholes.begin();
  for (const PartSet& set : parts.sets) {
    while (whole != wholes.wholes.end() &&
           whole->described.numbers < set.described.numbers) {
      ++whole;
    }
    if (whole == wholes.wholes.end()) break;
    if (whole->described.numbers == set.described.numbers &&
        whole->elements == set.elements) {
      couples.push_back({&set, &*whole});
    }
  }
  return couples;
}

// How well what a whole says of itself fits its parts; 0: not at all.
float LikenessOf(const Couples& couples) {
  if (couples.empty()) return 0;
  const Description& part = couples.front().first->described;
  const Description& whole = couples.front().second->described;
  if (Contradict(part.leaf, whole.leaf)) return 0;
  if ((whole.roles & ~part.roles) != 0) return 0;
  const float by_role = whole.roles == part.roles && part.roles != 0 ? 1
                        : whole.roles != 0                           ? 0.6F
                                                                     : 0.3F;
  float common = 0;
  for (WordId word : whole.words) {
    common += std::count(part.words.begin(), part.words.end(), word) > 0;
  }
  float equal = 0;
  for (const auto& [set, one] : couples) {
    equal += set->described.numbers == one->described.numbers;
  }
  return by_role + common / static_cast<float>(whole.words.size() + 1) +
         0.3F * equal / static_cast<float>(couples.size());
}

struct Choice {
  float likeness = 0;
  size_t parts = 0, wholes = 0;
  Couples couples;
};

// All that could go together, best first.
std::vector<Choice> Choices(const std::vector<PartPattern>& parts,
                            const std::vector<WholePattern>& wholes) {
  std::unordered_map<uint64_t, std::vector<size_t>> by_size;
  for (size_t i = 0; i < wholes.size(); ++i) {
    by_size[wholes[i].wholes.front().elements].push_back(i);
  }
  std::vector<Choice> choices;
  for (size_t p = 0; p < parts.size(); ++p) {
    auto found = by_size.find(parts[p].sets.front().elements);
    if (found == by_size.end() || found->second.size() > kMostRivals) continue;
    for (size_t w : found->second) {
      Couples couples = CouplesOf(parts[p], wholes[w]);
      const float likeness = LikenessOf(couples);
      if (likeness < kLeastLikeness) continue;
      choices.push_back({likeness, p, w, std::move(couples)});
    }
  }
  std::stable_sort(
      choices.begin(), choices.end(),
      [](const Choice& a, const Choice& b) { return a.likeness > b.likeness; });
  return choices;
}

// Takes groups from one side's parts and the other side's wholes.
class Joiner {
 public:
  Joiner(const Layout& parts, const Layout& wholes, bool actual_is_whole)
      : part_layout_(parts),
        whole_layout_(wholes),
        actual_is_whole_(actual_is_whole) {}

  void Take(Positions* parts, Positions* wholes, std::vector<Group>* groups) {
    const Positions lonely = Lonely(*parts, *wholes);
    if (lonely.empty()) return;
    WordTable words;
    const std::vector<PartPattern> sets =
        FindPartSets(part_layout_, Unequal(*parts, *wholes), &words);
    const std::vector<WholePattern> ones =
        FindWholes(whole_layout_, lonely, &words);
    const std::vector<Choice> choices = Choices(sets, ones);
    for (const Choice& choice : choices) {
      if (IsFree(choice) && !HasRival(choice, choices)) Join(choice, groups);
    }
    const auto is_taken = [](const std::unordered_set<uint32_t>& taken) {
      return [&taken](uint32_t i) { return taken.contains(i); };
    };
    std::erase_if(*parts, is_taken(taken_parts_));
    std::erase_if(*wholes, is_taken(taken_wholes_));
  }

 private:
  static uint64_t Size(const Layout& layout, uint32_t i) {
    return layout.variables[i].shape.Elements().value_or(0);
  }

  // The last two parts of a name, without digits.
  static std::string Kind(const Variable& variable) {
    std::string kind = variable.name;
    size_t at = kind.find_last_of("/.");
    if (at != std::string::npos && at > 0) at = kind.find_last_of("/.", at - 1);
    if (at != std::string::npos) kind.erase(0, at + 1);
    std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
    return kind;
  }

  // Wholes of a size that their side has more of, and whose kind of name the
  // other side does not have: that would be the same thing of another layer.
  Positions Lonely(const Positions& parts, const Positions& wholes) const {
    std::unordered_map<uint64_t, int64_t> surplus;
    std::unordered_set<std::string> kinds;
    for (uint32_t i : parts) {
      --surplus[Size(part_layout_, i)];
      kinds.insert(Kind(part_layout_.variables[i]));
    }
    for (uint32_t i : wholes) ++surplus[Size(whole_layout_, i)];
    Positions lonely;
    for (uint32_t i : wholes) {
      const uint64_t size = Size(whole_layout_, i);
      if (size > 1 && surplus[size] > 0 &&
          !kinds.contains(Kind(whole_layout_.variables[i]))) {
        lonely.push_back(i);
      }
    }
    return lonely;
  }

  Positions Unequal(const Positions& parts, const Positions& wholes) const {
    std::unordered_set<std::string_view> names;
    for (uint32_t i : wholes) names.insert(whole_layout_.variables[i].name);
    Positions unequal;
    for (uint32_t i : parts) {
      if (!names.contains(part_layout_.variables[i].name)) unequal.push_back(i);
    }
    return unequal;
  }

  bool IsFree(const Choice& choice) const {
    for (const auto& [set, whole] : choice.couples) {
      if (taken_wholes_.contains(whole->position)) return false;
      for (const Part& part : set->parts) {
        if (taken_parts_.contains(part.position)) return false;
      }
    }
    return true;
  }

  // True where other parts would make this whole as well, or these parts
  // another one.
  bool HasRival(const Choice& choice,
                const std::vector<Choice>& choices) const {
    return std::any_of(
        choices.begin(), choices.end(), [&](const Choice& other) {
          return &other != &choice &&
                 (other.parts == choice.parts ||
                  other.wholes == choice.wholes) &&
                 other.likeness > choice.likeness - kMargin && IsFree(other);
        });
  }

  void Join(const Choice& choice, std::vector<Group>* groups) {
    for (const auto& [set, whole] : choice.couples) {
      std::vector<size_t> members;
      for (const Part& part : set->parts) {
        taken_parts_.insert(part.position);
        members.push_back(part.position);
      }
      taken_wholes_.insert(whole->position);
      std::vector<size_t> one = {whole->position};
      groups->push_back(
          {.actual = actual_is_whole_ ? one : members,
           .expected = actual_is_whole_ ? members : one,
           .how = actual_is_whole_ ? How::kSplit : How::kFused,
           .method = Method(part_layout_, *set,
                            whole_layout_.variables[whole->position].shape,
                            actual_is_whole_),
           .confidence = 0.9,
           .evidence = {"same-elements", "parts-of-a-whole"}});
    }
  }

  const Layout& part_layout_;
  const Layout& whole_layout_;
  bool actual_is_whole_;
  std::unordered_set<uint32_t> taken_parts_, taken_wholes_;
};

}  // namespace

std::vector<Group> TakeGroups(const Layout& actual, const Layout& expected,
                              Positions* a, Positions* e) {
  std::vector<Group> groups;
  Joiner(actual, expected, false).Take(a, e, &groups);
  Joiner(expected, actual, true).Take(e, a, &groups);
  return groups;
}

}  // namespace ckptdiff
