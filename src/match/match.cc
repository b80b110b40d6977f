// The pipeline of matching, on one screen.

#include "match/match.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "layout/names.h"
#include "match/equal_names.h"
#include "match/followers.h"
#include "match/groups.h"
#include "match/lone_layers.h"
#include "match/orientation.h"
#include "match/patterns.h"
#include "match/problem.h"
#include "match/resized.h"
#include "match/solve.h"
#include "match/store_order.h"
#include "match/strays.h"

namespace ckptdiff {
namespace {

// Up to this many variables a side everything is weighed together. Beyond it
// what names settle alone is settled first, and only the rest is weighed.
constexpr size_t kWeighedWhole = 3000;

Pair PairOf(const Layout& actual, const Layout& expected, uint32_t a,
            uint32_t e, double confidence) {
  const Variable &x = actual.variables[a], &y = expected.variables[e];
  return {.actual = a,
          .expected = e,
          .how = HowNamed(x.name, y.name),
          .confidence = confidence,
          .evidence = {},
          .transform = {},
          .is_turned = {}};
}

// All of one side has its name and shape on the other side: what is left over
// there is new, and nothing else can explain more.
bool ExplainsASide(const EqualNames& equal) {
  return !equal.pairs.empty() &&
         (equal.actual.empty() || equal.expected.empty());
}

class Matcher {
 public:
  Matcher(const Layout& actual, const Layout& expected,
          const Contents& contents, std::span<const Synonyms> vocabulary)
      : actual_(actual),
        expected_(expected),
        contents_(contents),
        vocabulary_(vocabulary) {}

  void MatchRole(Role role) {
    Positions a = OfRole(actual_, role), e = OfRole(expected_, role);
    if (a.empty() || e.empty()) return;
    EqualNames repeated = JoinRepeatedNames(actual_, expected_, a, e);
    ContentPairs proven = Proven(a, e);
    if (!repeated.pairs.empty() && !Contradicts(repeated, proven)) {
      Accept(std::move(repeated), "same-name", &a, &e);
      proven = Proven(a, e);
    }
    const std::vector<LayerPair> layers =
        JoinStoreOrder(actual_, expected_, a, e);
    EqualNames in_order = InOrder(layers, a, e);
    if (!in_order.pairs.empty() && !Contradicts(in_order, proven)) {
      Accept(std::move(in_order), "same-position", &a, &e, 0.99);
      proven = Proven(a, e);
    }
    const bool is_large = std::max(a.size(), e.size()) > kWeighedWhole;
    if (is_large) {
      SetAside(proven, &a, &e);
      Accept({std::exchange(proven, {}), a, e}, "same-content", &a, &e);
      Accept(JoinByNumberShift(actual_, expected_, a, e), "same-shift", &a, &e);
    }
    EqualNames equal = JoinEqualNames(actual_, expected_, a, e);
    std::vector<Pair> resized;
    if (proven.empty()) {
      resized = PairResizedThroughout(actual_, expected_, equal);
    }
    if (is_large || (ExplainsASide(equal) && !Contradicts(equal, proven))) {
      Accept(std::move(equal), "same-name", &a, &e);
      proven.clear();
    }
    Accept(std::move(resized), &a, &e);
    if (is_large) {
      Accept(JoinByPrefixChange(actual_, expected_, a, e), "same-suffix", &a,
             &e);
    }
    SetAside(proven, &a, &e);
    for (Group& group : TakeGroups(actual_, expected_, vocabulary_, &a, &e)) {
      pairing_.groups.push_back(std::move(group));
    }
    PutBack(proven, &a, &e);
    Weigh(proven, layers, &a, &e);
    Accept(PairResized(actual_, expected_, pairing_.pairs, a, e), &a, &e);
    Accept(PairLoneLayers(actual_, expected_, a, e), &a, &e);
  }

  Pairing Finish() {
    DropStrays(actual_, expected_, &pairing_);
    FillTransforms(actual_, expected_, &pairing_.pairs);
    FollowOwners(actual_, expected_, &pairing_);
    std::vector<bool> a(actual_.variables.size());
    std::vector<bool> e(expected_.variables.size());
    for (const Pair& pair : pairing_.pairs) {
      a[pair.actual] = true;
      e[pair.expected] = true;
    }
    for (const Group& group : pairing_.groups) {
      for (size_t i : group.actual) a[i] = true;
      for (size_t i : group.expected) e[i] = true;
    }
    for (size_t i = 0; i < a.size(); ++i) {
      if (!a[i]) pairing_.only_actual.push_back(i);
    }
    for (size_t i = 0; i < e.size(); ++i) {
      if (!e[i]) pairing_.only_expected.push_back(i);
    }
    std::sort(
        pairing_.pairs.begin(), pairing_.pairs.end(),
        [](const Pair& x, const Pair& y) { return x.expected < y.expected; });
    pairing_.patterns = FindPatterns(actual_, expected_, pairing_.pairs);
    return std::move(pairing_);
  }

 private:
  static Positions OfRole(const Layout& layout, Role role) {
    Positions positions;
    for (uint32_t i = 0; i < layout.variables.size(); ++i) {
      const Variable& variable = layout.variables[i];
      if (variable.role == role && !FollowsOwner(variable)) {
        positions.push_back(i);
      }
    }
    return positions;
  }

  // Anew whenever pairs are taken out: what is left may be the only one of its
  // values then.
  ContentPairs Proven(const Positions& a, const Positions& e) const {
    return JoinContents(actual_, expected_, contents_, a, e);
  }

  void Accept(EqualNames equal, std::string_view evidence, Positions* a,
              Positions* e, double confidence = 1) {
    for (const auto& [x, y] : equal.pairs) {
      pairing_.pairs.push_back(PairOf(actual_, expected_, x, y, confidence));
      pairing_.pairs.back().evidence = {evidence, "same-shape"};
    }
    *a = std::move(equal.actual);
    *e = std::move(equal.expected);
  }

  void Accept(std::vector<Pair> pairs, Positions* a, Positions* e) {
    ContentPairs taken;
    for (Pair& pair : pairs) {
      taken.emplace_back(pair.actual, pair.expected);
      pairing_.pairs.push_back(std::move(pair));
    }
    SetAside(taken, a, e);
  }

  // The layers whose variables are loaded one after the other.
  static EqualNames InOrder(const std::vector<LayerPair>& layers,
                            const Positions& a, const Positions& e) {
    EqualNames in_order{.pairs = {}, .actual = a, .expected = e};
    for (const LayerPair& layer : layers) {
      if (!layer.in_order) continue;
      for (size_t i = 0; i < layer.actual.size(); ++i) {
        in_order.pairs.emplace_back(layer.actual[i], layer.expected[i]);
      }
    }
    SetAside(in_order.pairs, &in_order.actual, &in_order.expected);
    return in_order;
  }

  // Weighs the evidence for all that is left, and takes out what it pairs.
  void Weigh(const ContentPairs& proven, const std::vector<LayerPair>& layers,
             Positions* a, Positions* e) {
    if (a->empty() || e->empty()) return;
    WordTable words(vocabulary_);
    Problem problem;
    problem.words = &words;
    problem.actual = MakeSide(actual_, std::move(*a), &words);
    problem.expected = MakeSide(expected_, std::move(*e), &words);
    if (words.LearnSplits()) {
      ParseNames(&words, &problem.actual);
      ParseNames(&words, &problem.expected);
    }
    FindCandidates(&problem);
    KeepWithin(layers, &problem);
    Anchor(proven, contents_, &problem);
    const Solution solution = Solve(&problem);
    std::vector<bool> used_a(problem.actual.size());
    std::vector<bool> used_e(problem.expected.size());
    for (const Decision& decision : solution.pairs) {
      const Proposal& one = problem.candidates[decision.candidate];
      used_a[one.actual] = used_e[one.expected] = true;
      pairing_.pairs.push_back(PairOf(
          actual_, expected_, problem.actual.variables[one.actual],
          problem.expected.variables[one.expected], decision.confidence));
      pairing_.pairs.back().evidence = decision.evidence;
      if (one.has_same_values) pairing_.pairs.back().is_turned = one.is_turned;
    }
    for (const Proposal& one : problem.candidates) {
      if (!one.has_same_values || used_a[one.actual]) continue;
      used_a[one.actual] = used_e[one.expected] = true;
      pairing_.pairs.push_back(
          PairOf(actual_, expected_, problem.actual.variables[one.actual],
                 problem.expected.variables[one.expected], 0.99));
      pairing_.pairs.back().evidence = {"same-content", "same-shape"};
      pairing_.pairs.back().is_turned = one.is_turned;
    }
    for (const Solution::Tie& tie : solution.ties) {
      Ambiguity& ambiguity = pairing_.ambiguous.emplace_back();
      for (uint32_t i : tie.actual) {
        ambiguity.actual.push_back(problem.actual.variables[i]);
      }
      for (uint32_t i : tie.expected) {
        ambiguity.expected.push_back(problem.expected.variables[i]);
      }
    }
    *a = Left(problem.actual, used_a);
    *e = Left(problem.expected, used_e);
  }

  static Positions Left(const Side& side, const std::vector<bool>& used) {
    Positions left;
    for (size_t i = 0; i < side.size(); ++i) {
      if (!used[i]) left.push_back(side.variables[i]);
    }
    return left;
  }

  const Layout& actual_;
  const Layout& expected_;
  const Contents& contents_;
  std::span<const Synonyms> vocabulary_;
  Pairing pairing_;
};

}  // namespace

How HowNamed(std::string_view actual, std::string_view expected) {
  if (actual == expected) return How::kExact;
  if (IsCanonicalName(actual) && IsCanonicalName(expected)) {
    return How::kRenamed;
  }
  return CanonicalName(actual) == CanonicalName(expected) ? How::kCanonical
                                                          : How::kRenamed;
}

std::string_view ToString(How how) {
  switch (how) {
    case How::kExact: return "exact";
    case How::kCanonical: return "canonical";
    case How::kRenamed: return "renamed";
    case How::kFused: return "fused";
    case How::kSplit: return "split";
  }
  return "";
}

Pairing MatchLayouts(const Layout& actual, const Layout& expected,
                     const Contents& contents,
                     std::span<const Synonyms> vocabulary) {
  Matcher matcher(actual, expected, contents, vocabulary);
  for (Role role : {Role::kWeight, Role::kSlot, Role::kOptimizer, Role::kStep,
                    Role::kAverage, Role::kBookkeeping}) {
    matcher.MatchRole(role);
  }
  return matcher.Finish();
}

}  // namespace ckptdiff
