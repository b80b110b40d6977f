// A reading is a way to deal the parameters out, in the model's order, to the
// groups (each takes its next one) or to nobody. All readings are followed at
// once: a state is how far each group has got, and it knows from which states
// it was reached. Walked back from the end, the states on the way are those of
// whole readings; a member that gets one parameter on all of them has its
// owner.

#include "layout/owner_order.h"

#include <algorithm>
#include <map>
#include <utility>

namespace ckptdiff {
namespace {

// Beyond these a reading is not followed and everything stays open.
constexpr size_t kMaxStates = 128;  // at one parameter
constexpr size_t kMaxGroups = 256;
constexpr size_t kMaxCells = size_t{1} << 21;  // numbers kept in all

constexpr size_t kNobody = SIZE_MAX;
constexpr size_t kUnset = SIZE_MAX - 1;

using Progress = std::vector<uint32_t>;  // per group: parameters taken

OwnerIndices AllOpen(std::span<const OwnerGroup> groups, size_t value) {
  OwnerIndices owners;
  owners.reserve(groups.size());
  for (const OwnerGroup& group : groups) {
    owners.emplace_back(group.size(), value);
  }
  return owners;
}

class Readings {
 public:
  Readings(std::span<const Shape> parameters,
           std::span<const OwnerGroup> groups)
      : parameters_(parameters), groups_(groups) {}

  // nullopt: there is none.
  std::optional<OwnerIndices> Agreement();

 private:
  struct Edge {
    size_t from;   // a state one parameter before
    size_t taker;  // a group, or kNobody
  };
  struct State {
    Progress progress;
    size_t taken = 0;  // the sum of it
    std::vector<Edge> edges;
  };
  using Step = std::vector<State>;
  enum class Outcome { kGoesOn, kNoReading, kTooMany };

  void FindBounds();
  Outcome Deal(size_t parameter);
  void Deal(size_t parameter, size_t from, Step* next,
            std::map<Progress, size_t>* known) const;
  size_t Taker(const State& state, size_t dealt) const;
  OwnerIndices WalkBack() const;

  std::span<const Shape> parameters_;
  std::span<const OwnerGroup> groups_;
  size_t spare_ = 0;  // parameters that no group has
  // Per group, after each number of parameters: the most that it can have
  // taken, and the least, if the rest is to be found behind.
  std::vector<std::vector<uint32_t>> most_, least_;
  std::vector<Step> steps_;
  size_t cells_ = 0;
};

void Readings::FindBounds() {
  size_t count = parameters_.size();
  for (const OwnerGroup& group : groups_) {
    std::vector<uint32_t>& most = most_.emplace_back(count + 1, 0);
    for (size_t i = 0; i < count; ++i) {
      bool takes =
          most[i] < group.size() && group[most[i]].Agrees(parameters_[i]);
      most[i + 1] = most[i] + (takes ? 1 : 0);
    }
    std::vector<uint32_t>& least = least_.emplace_back(count + 1, 0);
    least[count] = static_cast<uint32_t>(group.size());
    for (size_t i = count; i > 0; --i) {
      bool takes =
          least[i] > 0 && group[least[i] - 1].Agrees(parameters_[i - 1]);
      least[i - 1] = least[i] - (takes ? 1 : 0);
    }
  }
}

// The group that must take the next parameter, to have `dealt` ones find all
// it wants; kNobody: none must. groups_.size(): two must, which cannot be.
size_t Readings::Taker(const State& state, size_t dealt) const {
  size_t taker = kNobody;
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (state.progress[g] >= least_[g][dealt]) continue;
    bool can = state.progress[g] + 1 >= least_[g][dealt];
    if (taker != kNobody || !can) return groups_.size();
    taker = g;
  }
  return taker;
}

void Readings::Deal(size_t parameter, size_t from, Step* next,
                    std::map<Progress, size_t>* known) const {
  const State& state = steps_.back()[from];
  size_t dealt = parameter + 1;
  size_t must = Taker(state, dealt);
  if (must == groups_.size()) return;
  auto reach = [&](size_t taker) {
    Progress progress = state.progress;
    if (taker != kNobody) ++progress[taker];
    auto [place, is_new] = known->try_emplace(progress, next->size());
    if (is_new) {
      size_t taken = state.taken + (taker == kNobody ? 0 : 1);
      next->push_back({std::move(progress), taken, {}});
    }
    (*next)[place->second].edges.push_back({from, taker});
  };
  if (must == kNobody && dealt - state.taken <= spare_) reach(kNobody);
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (must != kNobody && g != must) continue;
    uint32_t taken = state.progress[g];
    bool can = taken < groups_[g].size() && taken < most_[g][dealt] &&
               groups_[g][taken].Agrees(parameters_[parameter]);
    if (can) reach(g);
  }
}

Readings::Outcome Readings::Deal(size_t parameter) {
  Step next;
  std::map<Progress, size_t> known;
  for (size_t from = 0; from < steps_.back().size(); ++from) {
    Deal(parameter, from, &next, &known);
    if (next.size() > kMaxStates) return Outcome::kTooMany;
  }
  if (next.empty()) return Outcome::kNoReading;
  cells_ += next.size() * groups_.size();
  if (cells_ > kMaxCells) return Outcome::kTooMany;
  steps_.push_back(std::move(next));
  return Outcome::kGoesOn;
}

// At the end the bounds leave one state: every group has all it wanted.
OwnerIndices Readings::WalkBack() const {
  OwnerIndices owners = AllOpen(groups_, kUnset);
  std::vector<bool> is_on_way = {true};
  for (size_t i = parameters_.size(); i > 0; --i) {
    std::vector<bool> before(steps_[i - 1].size(), false);
    for (size_t s = 0; s < steps_[i].size(); ++s) {
      if (!is_on_way[s]) continue;
      for (const Edge& edge : steps_[i][s].edges) {
        before[edge.from] = true;
        if (edge.taker == kNobody) continue;
        size_t member = steps_[i][s].progress[edge.taker] - 1;
        size_t& owner = owners[edge.taker][member];
        bool is_same = owner == kUnset || owner == i - 1;
        owner = is_same ? i - 1 : kOpenOwner;
      }
    }
    is_on_way = std::move(before);
  }
  return owners;
}

std::optional<OwnerIndices> Readings::Agreement() {
  size_t wanted = 0;
  for (const OwnerGroup& group : groups_) wanted += group.size();
  if (wanted > parameters_.size()) return std::nullopt;
  size_t cells = (parameters_.size() + 1) * std::max<size_t>(1, groups_.size());
  if (groups_.size() > kMaxGroups || cells > kMaxCells) {
    return AllOpen(groups_, kOpenOwner);
  }
  spare_ = parameters_.size() - wanted;
  FindBounds();
  State start{Progress(groups_.size(), 0), 0, {}};
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (least_[g][0] > 0) return std::nullopt;
  }
  steps_.push_back({std::move(start)});
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Outcome outcome = Deal(i);
    if (outcome == Outcome::kNoReading) return std::nullopt;
    if (outcome == Outcome::kTooMany) return AllOpen(groups_, kOpenOwner);
  }
  return WalkBack();
}

}  // namespace

std::optional<OwnerIndices> AlignOwners(std::span<const Shape> parameters,
                                        std::span<const OwnerGroup> groups) {
  std::optional<OwnerIndices> owners = Readings(parameters, groups).Agreement();
  return owners ? owners : AlignOwnersByShape(parameters, groups);
}

std::optional<OwnerIndices> AlignOwnersByShape(
    std::span<const Shape> parameters, std::span<const OwnerGroup> groups) {
  struct OfShape {
    size_t parameter = 0;  // the last one
    size_t parameters = 0;
    size_t members = 0;
  };
  std::map<std::vector<int64_t>, OfShape> of_shape;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].known) return std::nullopt;
    OfShape& one = of_shape[parameters[i].dims];
    one.parameter = i;
    ++one.parameters;
  }
  for (const OwnerGroup& group : groups) {
    for (const Shape& shape : group) {
      if (!shape.known) continue;
      auto found = of_shape.find(shape.dims);
      if (found == of_shape.end() ||
          ++found->second.members > found->second.parameters) {
        return std::nullopt;
      }
    }
  }
  OwnerIndices owners = AllOpen(groups, kOpenOwner);
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t i = 0; i < groups[g].size(); ++i) {
      if (!groups[g][i].known) continue;
      const OfShape& one = of_shape.at(groups[g][i].dims);
      if (one.parameters == 1) owners[g][i] = one.parameter;
    }
  }
  return owners;
}

}  // namespace ckptdiff
