// Which parts make which wholes: patterns of names are compared, not single
// names, and the layers of two patterns that agree go together in order. Longer
// than most: each way of pairing the two lists rests on the same few types.

#include "match/groups.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "match/join_method.h"
#include "match/names.h"
#include "match/part_sets.h"
#include "match/part_words.h"

namespace ckptdiff {
namespace {

constexpr float kLeastLikeness = 0.9F;
constexpr float kMargin = 0.05F;     // over the next best
constexpr float kExtraWord = 0.06F;  // of the parts alone
constexpr float kAnyNumber = 0.1F;   // where no word says that it counts parts
// Patterns of one size; beyond it nothing tells them apart.
constexpr size_t kMostRivals = 256;

std::vector<Dims> ShapesOf(const Layout& layout, const PartSet& set) {
  std::vector<Dims> shapes;
  for (const Part& part : set.parts) {
    shapes.push_back(layout.variables[part.position].shape.dims);
  }
  return shapes;
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

bool Says(const Description& described, WordId word) {
  return std::count(described.words.begin(), described.words.end(), word) > 0;
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
  for (WordId word : whole.words) common += Says(part, word) ? 1.0F : 0.0F;
  float equal = 0;
  for (const auto& [set, one] : couples) {
    equal += set->described.numbers == one->described.numbers;
  }
  return by_role + common / static_cast<float>(whole.words.size() + 1) +
         0.3F * equal / static_cast<float>(couples.size());
}

// Of two sets as like to a whole, the one that says less else ("l0" before
// "l0_reverse"), and the one whose words say that it is of parts.
float DoubtOf(const Couples& couples) {
  const Description& part = couples.front().first->described;
  const Description& whole = couples.front().second->described;
  size_t extra = 0;
  for (WordId word : part.words) extra += Says(whole, word) ? 0 : 1;
  return kExtraWord * static_cast<float>(extra) +
         (couples.front().first->is_stack ? kAnyNumber : 0);
}

struct Choice {
  float likeness = 0;
  size_t parts = 0, wholes = 0;
  Couples couples;
};

// Takes groups from one side's parts and the other side's wholes.
class Joiner {
 public:
  Joiner(const Layout& parts, const Layout& wholes,
         std::span<const Synonyms> vocabulary, bool actual_is_whole)
      : part_layout_(parts),
        whole_layout_(wholes),
        vocabulary_(vocabulary),
        actual_is_whole_(actual_is_whole) {}

  void Take(Positions* parts, Positions* wholes, std::vector<Group>* groups) {
    const Positions lonely = Lonely(*parts, *wholes);
    if (lonely.empty()) return;
    WordTable words(vocabulary_);
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

  // Layers and experts of any name are joined only where they are slices.
  bool AreSlices(const Couples& couples) const {
    return std::all_of(couples.begin(), couples.end(), [&](const auto& couple) {
      const auto& [set, whole] = couple;
      return !set->is_stack ||
             StackAxis(ShapesOf(part_layout_, *set),
                       whole_layout_.variables[whole->position].shape.dims);
    });
  }

  // All that could go together, best first.
  std::vector<Choice> Choices(const std::vector<PartPattern>& parts,
                              const std::vector<WholePattern>& wholes) const {
    std::unordered_map<uint64_t, std::vector<size_t>> by_size;
    for (size_t i = 0; i < wholes.size(); ++i) {
      by_size[wholes[i].wholes.front().elements].push_back(i);
    }
    std::vector<Choice> choices;
    for (size_t p = 0; p < parts.size(); ++p) {
      auto found = by_size.find(parts[p].sets.front().elements);
      if (found == by_size.end() || found->second.size() > kMostRivals)
        continue;
      for (size_t w : found->second) {
        Couples couples = CouplesOf(parts[p], wholes[w]);
        const float likeness = LikenessOf(couples);
        if (likeness < kLeastLikeness || !AreSlices(couples)) continue;
        choices.push_back(
            {likeness - DoubtOf(couples), p, w, std::move(couples)});
      }
    }
    std::stable_sort(choices.begin(), choices.end(),
                     [](const Choice& a, const Choice& b) {
                       return a.likeness > b.likeness;
                     });
    return choices;
  }

  // The last two parts of a name, without digits, and how many axes it has.
  static std::string Kind(const Variable& variable) {
    std::string kind = variable.name;
    size_t at = kind.find_last_of("/.");
    if (at != std::string::npos && at > 0) at = kind.find_last_of("/.", at - 1);
    if (at != std::string::npos) kind.erase(0, at + 1);
    std::erase_if(kind, [](char c) { return c >= '0' && c <= '9'; });
    return fmt::format("{}|{}", kind, variable.shape.dims.size());
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

  // The name, and what is left of it without its first parts, as long as that
  // still says where it stands.
  static std::vector<std::string_view> Tails(std::string_view name) {
    constexpr size_t kMostPrefixes = 3;
    std::vector<std::string_view> tails = {name};
    while (tails.size() <= kMostPrefixes) {
      const size_t at = tails.back().find_first_of("/.");
      if (at == name.npos) break;
      const std::string_view tail = tails.back().substr(at + 1);
      if (tail.find_first_of("/.") == name.npos) break;
      tails.push_back(tail);
    }
    return tails;
  }

  // Without what the other side has too, be it under another prefix: that is
  // no part of anything.
  Positions Unequal(const Positions& parts, const Positions& wholes) const {
    std::unordered_map<std::string_view, uint32_t> names, tails;
    for (uint32_t i : wholes) {
      const std::string_view name = whole_layout_.variables[i].name;
      names.emplace(name, i);
      for (std::string_view tail : Tails(name)) tails.emplace(tail, i);
    }
    const auto has = [&](const auto& known, std::string_view name,
                         const Variable& part) {
      auto found = known.find(name);
      return found != known.end() &&
             whole_layout_.variables[found->second].shape.dims ==
                 part.shape.dims;
    };
    Positions unequal;
    for (uint32_t i : parts) {
      const Variable& part = part_layout_.variables[i];
      const std::vector<std::string_view> own = Tails(part.name);
      bool is_there = names.contains(part.name) || has(tails, part.name, part);
      for (std::string_view tail : own) is_there |= has(names, tail, part);
      if (!is_there) unequal.push_back(i);
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

  // Frameworks disagree on the order of the gates of a GRU, and numbered parts
  // that are no slices of the whole are parts of any kind.
  std::string MethodOf(const PartSet& set, uint32_t position) const {
    const Variable& whole = whole_layout_.variables[position];
    const Variable& part = part_layout_.variables[set.parts.front().position];
    const std::vector<Dims> parts = ShapesOf(part_layout_, set);
    const bool is_slices = StackAxis(parts, whole.shape.dims).has_value();
    if (!is_slices && (set.is_numbered || set.parts[0].role >= kResetGate)) {
      return "reorder";
    }
    WordTable words;
    const auto leaf = [&](const Variable& one) {
      return words.Text(LastWord(ParseName(one.name, &words)));
    };
    return JoinMethod(
        parts, whole.shape.dims, actual_is_whole_,
        OrientationBetween(leaf(part), leaf(whole)) == Orientation::kTurned);
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
      groups->push_back({.actual = actual_is_whole_ ? one : members,
                         .expected = actual_is_whole_ ? members : one,
                         .how = actual_is_whole_ ? How::kSplit : How::kFused,
                         .method = MethodOf(*set, whole->position),
                         .confidence = 0.9,
                         .evidence = {"same-elements", "parts-of-a-whole"}});
    }
  }

  const Layout& part_layout_;
  const Layout& whole_layout_;
  std::span<const Synonyms> vocabulary_;
  bool actual_is_whole_;
  std::unordered_set<uint32_t> taken_parts_, taken_wholes_;
};

}  // namespace

std::vector<Group> TakeGroups(const Layout& actual, const Layout& expected,
                              std::span<const Synonyms> vocabulary,
                              Positions* a, Positions* e) {
  std::vector<Group> groups;
  Joiner(actual, expected, vocabulary, false).Take(a, e, &groups);
  Joiner(expected, actual, vocabulary, true).Take(e, a, &groups);
  return groups;
}

}  // namespace ckptdiff
