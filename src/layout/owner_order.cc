// A reading is a way to deal the parameters out, in the model's order, to the
// groups (each takes its next one) or to nobody. All readings are followed at
// once: a state is how far each group has got, and it counts in how many ways
// it was reached. Two ways to the end, and the owners are undecided.

#include "layout/owner_order.h"

#include <algorithm>
#include <map>
#include <utility>

namespace ckptdiff {
namespace {

constexpr size_t kMaxStates = 64;
constexpr size_t kMaxGroups = 256;
constexpr size_t kMaxCells = size_t{1} << 23;

using Owners = std::vector<std::vector<size_t>>;
using Progress = std::vector<uint32_t>;  // per group: parameters taken

class Reading {
 public:
  Reading(std::span<const Shape> parameters, std::span<const OwnerGroup> groups)
      : parameters_(parameters), groups_(groups) {}

  // nullopt: none, several, or too many to follow.
  std::optional<Owners> Unique();

 private:
  struct State {
    Progress progress;
    size_t from = 0;     // in the step before
    size_t taker = 0;    // group; groups_.size(): nobody
    bool unique = true;  // reached in one way only
  };
  using Step = std::vector<State>;

  void FindBounds();
  bool Possible(const Progress& progress, size_t dealt) const;
  bool Deal(size_t parameter);
  void Reach(Step* next, std::map<Progress, size_t>* known, State state) const;

  std::span<const Shape> parameters_;
  std::span<const OwnerGroup> groups_;
  size_t spare_ = 0;  // parameters that no group has
  // Per group, after each number of parameters: the most that it can have
  // taken, and the least, if the rest is to be found behind.
  std::vector<std::vector<uint32_t>> most_, least_;
  std::vector<Step> steps_;
};

void Reading::FindBounds() {
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

bool Reading::Possible(const Progress& progress, size_t dealt) const {
  size_t taken = 0;
  for (size_t g = 0; g < groups_.size(); ++g) {
    if (progress[g] < least_[g][dealt] || progress[g] > most_[g][dealt]) {
      return false;
    }
    taken += progress[g];
  }
  return dealt - taken <= spare_;
}

void Reading::Reach(Step* next, std::map<Progress, size_t>* known,
                    State state) const {
  auto [place, is_new] = known->try_emplace(state.progress, next->size());
  if (is_new) {
    next->push_back(std::move(state));
  } else {
    (*next)[place->second].unique = false;
  }
}

// False where no state or too many are left.
bool Reading::Deal(size_t parameter) {
  Step next;
  std::map<Progress, size_t> known;
  const Step& now = steps_.back();
  for (size_t s = 0; s < now.size(); ++s) {
    for (size_t g = 0; g <= groups_.size(); ++g) {
      State state{now[s].progress, s, g, now[s].unique};
      if (g < groups_.size()) {
        uint32_t taken = state.progress[g];
        if (taken == groups_[g].size() ||
            !groups_[g][taken].Agrees(parameters_[parameter])) {
          continue;
        }
        ++state.progress[g];
      }
      if (!Possible(state.progress, parameter + 1)) continue;
      Reach(&next, &known, std::move(state));
    }
  }
  if (next.empty() || next.size() > kMaxStates) return false;
  steps_.push_back(std::move(next));
  return true;
}

std::optional<Owners> Reading::Unique() {
  size_t wanted = 0;
  for (const OwnerGroup& group : groups_) wanted += group.size();
  size_t cells = (parameters_.size() + 1) * std::max<size_t>(1, groups_.size());
  if (wanted > parameters_.size() || groups_.size() > kMaxGroups ||
      cells > kMaxCells) {
    return std::nullopt;
  }
  spare_ = parameters_.size() - wanted;
  FindBounds();
  Progress start(groups_.size(), 0);
  if (!Possible(start, 0)) return std::nullopt;
  steps_.push_back({State{start, 0, 0, true}});
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!Deal(i)) return std::nullopt;
  }
  // At the end the bounds leave one state: every group has all it wanted.
  if (!steps_.back().front().unique) return std::nullopt;
  Owners owners;
  for (const OwnerGroup& group : groups_) owners.emplace_back(group.size());
  size_t at = 0;
  for (size_t i = parameters_.size(); i > 0; --i) {
    const State& state = steps_[i][at];
    if (state.taker < groups_.size()) {
      owners[state.taker][state.progress[state.taker] - 1] = i - 1;
    }
    at = state.from;
  }
  return owners;
}

}  // namespace

std::optional<std::vector<std::vector<size_t>>> AlignOwners(
    std::span<const Shape> parameters, std::span<const OwnerGroup> groups) {
  std::optional<Owners> owners = Reading(parameters, groups).Unique();
  return owners ? owners : AlignOwnersByShape(parameters, groups);
}

std::optional<std::vector<std::vector<size_t>>> AlignOwnersByShape(
    std::span<const Shape> parameters, std::span<const OwnerGroup> groups) {
  std::map<std::vector<int64_t>, std::pair<size_t, size_t>> of_shape;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].known) return std::nullopt;
    auto [place, is_new] = of_shape.try_emplace(parameters[i].dims, i, 0);
    if (!is_new) place->second.second = 2;  // not to be taken
  }
  Owners owners;
  for (const OwnerGroup& group : groups) {
    std::vector<size_t>& of_group = owners.emplace_back();
    for (const Shape& shape : group) {
      auto found = of_shape.find(shape.dims);
      bool alone =
          shape.known && found != of_shape.end() && found->second.second++ == 0;
      if (!alone) return std::nullopt;
      of_group.push_back(found->second.first);
    }
  }
  return owners;
}

}  // namespace ckptdiff
