#include "match/exchange.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "match/steps.h"

namespace ckptdiff {
namespace {

// What tells two apart must say at least this, all their parts together.
constexpr float kReal = 0.25F;
// A rival this much worse on its own is no twin.
constexpr float kFar = 0.8F;
constexpr float kStep = 1;   // what the order of a block's parts says
constexpr int kLessons = 3;  // rounds of learning from those that are certain
constexpr uint32_t kNone = UINT32_MAX;

// A variable, or a place with all its variables.
struct Unit {
  uint32_t node = kNone;
  uint32_t variable = 0;

  uint64_t Key() const {
    return node == kNone ? (uint64_t{1} << 32) | variable : node;
  }
};

struct Split {
  Unit first, second;
  size_t depth = 0;  // tokens that both share
};

// The largest places that hold one of two variables each.
Split Part(const Side& side, uint32_t first, uint32_t second) {
  const auto holds = [&](uint32_t node, const Name& name) {
    const Node& place = side.nodes[node];
    const Name& any = side.names[side.sorted[place.begin]];
    return CommonTokens(any, name) >= place.depth;
  };
  const auto up = [&](uint32_t of, uint32_t other) {
    Unit unit{.variable = of};
    for (uint32_t node = side.leaf_node[of];
         node != Node::kNone && !holds(node, side.names[other]);
         node = side.nodes[node].parent) {
      unit.node = node;
    }
    return unit;
  };
  return {up(first, second), up(second, first),
          CommonTokens(side.names[first], side.names[second])};
}

std::vector<uint32_t> Members(const Side& side, const Unit& unit) {
  if (unit.node == kNone) return {unit.variable};
  const Node& node = side.nodes[unit.node];
  return {side.sorted.begin() + node.begin, side.sorted.begin() + node.end};
}

// What is left of a name behind the token that tells two units apart.
uint64_t Rest(const Name& name, size_t depth) {
  uint64_t hash = 7;
  for (size_t i = depth + 1; i < name.tokens.size(); ++i) {
    const Token& token = name.tokens[i];
    hash = (hash ^ (token.is_number ? static_cast<uint64_t>(token.number + 2)
                                    : (uint64_t{1} << 32) + token.word)) *
           0x9e3779b97f4a7c15;
  }
  return hash;
}

class Twins {
 public:
  Twins(Problem* problem, std::span<const float> direct, Solution* solution)
      : problem_(*problem),
        direct_(direct),
        steps_(*problem->words),
        partner_(problem->actual.size(), kNone),
        of_expected_(problem->expected.size(), kNone),
        twin_(problem->actual.size()) {
    for (const Decision& decision : solution->pairs) {
      const Proposal& one = problem_.candidates[decision.candidate];
      partner_[one.actual] = one.expected;
      of_expected_[one.expected] = one.actual;
    }
    std::iota(twin_.begin(), twin_.end(), 0U);
  }

  // Marks as certain the pairs that no exchange suits, given what the certain
  // ones teach; true if there are new ones.
  bool Learn(std::span<const float> learned) {
    learned_ = learned;
    std::iota(twin_.begin(), twin_.end(), 0U);
    weighed_.clear();
    for (uint32_t a = 0; a < partner_.size(); ++a) {
      if (partner_[a] != kNone) FindTwins(a);
    }
    bool is_new = false;
    const std::vector<uint32_t> members = SizesOfSets();
    for (Proposal& one : problem_.candidates) {
      const bool is_certain = partner_[one.actual] == one.expected &&
                              members[Root(one.actual)] == 1;
      const float belief = is_certain ? 1.0F : 0.0F;
      is_new = is_new || belief > one.belief;
      one.belief = belief;
    }
    return is_new;
  }

  void Abstain(Solution* solution) {
    std::unordered_map<uint32_t, Solution::Tie> ties;
    const std::vector<uint32_t> members = SizesOfSets();
    for (uint32_t a = 0; a < twin_.size(); ++a) {
      if (members[Root(a)] < 2) continue;
      Solution::Tie& tie = ties[Root(a)];
      tie.actual.push_back(a);
      tie.expected.push_back(partner_[a]);
    }
    std::erase_if(solution->pairs, [&](const Decision& decision) {
      const uint32_t a = problem_.candidates[decision.candidate].actual;
      return members[Root(a)] > 1;
    });
    for (uint32_t a = 0; a < twin_.size(); ++a) {
      auto found = ties.find(a);
      if (found == ties.end()) continue;
      std::sort(found->second.expected.begin(), found->second.expected.end());
      solution->ties.push_back(std::move(found->second));
    }
  }

 private:
  uint32_t Candidate(uint32_t a, uint32_t e) const {
    return FindCandidate(problem_, a, e).value_or(kNone);
  }

  float Says(uint32_t candidate, bool by_order) const {
    return direct_[candidate] + learned_[candidate] +
           (by_order ? problem_.candidates[candidate].order : 0);
  }

  void FindTwins(uint32_t a) {
    const uint32_t e = partner_[a];
    const float mine = direct_[Candidate(a, e)];
    for (uint32_t i = problem_.row[a]; i < problem_.row[a + 1]; ++i) {
      const uint32_t rival = problem_.candidates[i].expected;
      const uint32_t other = of_expected_[rival];
      if (rival == e || other == kNone || Root(a) == Root(other)) continue;
      if (direct_[i] < mine - kFar) continue;
      Exchange(a, other);
    }
  }

  // Weighs two units' partners against the exchange, once.
  void Exchange(uint32_t a, uint32_t other) {
    const Split x = Part(problem_.actual, a, other);
    const Split y = Part(problem_.expected, partner_[a], partner_[other]);
    const uint64_t key = (x.first.Key() * 0x9e3779b97f4a7c15 + x.second.Key()) *
                             0xbf58476d1ce4e5b9 +
                         y.first.Key() * 31 + y.second.Key();
    if (!weighed_.emplace(key, true).second) return;
    const std::vector<uint32_t> first = Members(problem_.actual, x.first);
    const std::vector<uint32_t> second = Members(problem_.actual, x.second);
    if (first.size() != second.size()) return;
    std::vector<std::pair<uint32_t, uint32_t>> pairs;
    if (!Counterparts(first, second, x.depth, y.depth, &pairs)) return;
    const float here =
        steps_.Compare(problem_.actual.names[a], problem_.actual.names[other]);
    const float there =
        steps_.Compare(problem_.expected.names[partner_[a]],
                       problem_.expected.names[partner_[other]]);
    const bool by_order = OrderTells(a, other);
    float better = here * there * kStep;
    for (const auto& [v, w] : pairs) {
      const uint32_t forth = Candidate(v, partner_[w]);
      const uint32_t back = Candidate(w, partner_[v]);
      if (forth == kNone || back == kNone) return;
      better += Says(Candidate(v, partner_[v]), by_order) +
                Says(Candidate(w, partner_[w]), by_order) -
                Says(forth, by_order) - Says(back, by_order);
      if (better > 4 * kReal) return;
    }
    if (better >= kReal) return;
    for (const auto& [v, w] : pairs) twin_[Root(v)] = Root(w);
  }

  // The variables of two units that correspond, by what is left of their names
  // or of their partners' names; false where the units are not built alike.
  bool Counterparts(const std::vector<uint32_t>& first,
                    const std::vector<uint32_t>& second, size_t depth,
                    size_t partner_depth,
                    std::vector<std::pair<uint32_t, uint32_t>>* pairs) const {
    for (const bool by_partner : {false, true}) {
      std::unordered_map<uint64_t, uint32_t> rests;
      const auto rest = [&](uint32_t v) {
        return by_partner
                   ? Rest(problem_.expected.names[partner_[v]], partner_depth)
                   : Rest(problem_.actual.names[v], depth);
      };
      bool is_alike = true;
      pairs->clear();
      for (uint32_t v : first) {
        if (partner_[v] != kNone) rests.emplace(rest(v), v);
      }
      size_t paired = 0;
      for (uint32_t w : second) {
        if (partner_[w] == kNone) continue;
        ++paired;
        auto found = rests.find(rest(w));
        if (found == rests.end()) {
          is_alike = false;
          break;
        }
        pairs->push_back({found->second, w});
      }
      if (is_alike && paired == rests.size() && paired > 0) return true;
    }
    return false;
  }

  // The order of files tells two apart only where both were written as created
  // and a number says so on one side: words that stand side by side may have
  // been put there in any order.
  bool OrderTells(uint32_t a, uint32_t other) const {
    const auto numbered = [](const Side& side, uint32_t v, uint32_t w) {
      const Name &x = side.names[v], &y = side.names[w];
      const size_t at = CommonTokens(x, y);
      return at < x.tokens.size() && at < y.tokens.size() &&
             x.tokens[at].is_number && y.tokens[at].is_number;
    };
    return numbered(problem_.actual, a, other) ||
           numbered(problem_.expected, partner_[a], partner_[other]);
  }

  // By the root of each set of twins.
  std::vector<uint32_t> SizesOfSets() {
    std::vector<uint32_t> sizes(twin_.size());
    for (uint32_t a = 0; a < twin_.size(); ++a) ++sizes[Root(a)];
    return sizes;
  }

  uint32_t Root(uint32_t a) {
    while (twin_[a] != a) a = twin_[a] = twin_[twin_[a]];
    return a;
  }

  Problem& problem_;
  std::span<const float> direct_, learned_;
  StepReader steps_;
  std::vector<uint32_t> partner_, of_expected_;
  std::vector<uint32_t> twin_;  // union-find over actual variables
  std::unordered_map<uint64_t, bool> weighed_;
};

}  // namespace

void AbstainFromTwins(Problem* problem, std::span<const float> direct,
                      std::vector<float> (*learned)(const Problem&),
                      Solution* solution) {
  Twins twins(problem, direct, solution);
  for (Proposal& one : problem->candidates) one.belief = 0;
  std::vector<float> lesson(problem->candidates.size());
  for (int i = 0; i < kLessons && twins.Learn(lesson); ++i) {
    lesson = learned(*problem);
  }
  twins.Abstain(solution);
}

}  // namespace ckptdiff
