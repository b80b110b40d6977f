#include "formats/keras/slot_guesses.h"

#include <algorithm>

namespace ckptdiff {
namespace {

// A likely order, and the class that has it.
struct Guess {
  std::string_view class_name;
  std::vector<SlotRun> runs;
};

// By far the commonest first: Adam (two slots a variable, side by side),
// momentum; then what `amsgrad`, `centered`, `use_ema` and the accumulation of
// gradients add.
std::vector<Guess> MakeGuesses(const std::string& adam_m,
                               const std::string& adam_v,
                               const std::string& adam_vhat,
                               const std::string& momentum) {
  const SlotRun adam = {{adam_m, adam_v}}, vhat = {{adam_vhat}};
  const SlotRun velocity = {{"velocity"}}, sum = {{"momentum"}};
  const SlotRun mean = {{"average_gradient"}}, average = {{"average"}};
  const SlotRun accumulator = {{"gradient_accumulator"}};
  return {
      {"Adam", {adam}},
      {"SGD", {{{momentum}}}},
      {"Adam", {adam, vhat}},
      {"RMSprop", {velocity, sum}},
      {"Adam", {average, adam}},
      {"RMSprop", {velocity, sum, mean}},
      {"Adam", {average, adam, vhat}},
      {"Adam", {average, accumulator, adam}},
      {"RMSprop", {average, velocity, sum, mean}},
  };
}

const std::vector<Guess>& Guesses(SlotDialect dialect) {
  static const auto* const keras3 = new std::vector<Guess>(
      MakeGuesses("momentum", "velocity", "velocity_hat", "momentum"));
  static const auto* const keras2 =
      new std::vector<Guess>(MakeGuesses("m", "v", "vhat", "m"));
  return dialect == SlotDialect::kKeras3 ? *keras3 : *keras2;
}

using ShapeBag = std::vector<std::vector<int64_t>>;  // sorted

ShapeBag ShapesOf(const SlotGroups& groups) {
  ShapeBag bag;
  for (const SlotGroup& group : groups) bag.push_back(group.shape.dims);
  std::ranges::sort(bag);
  return bag;
}

ShapeBag ShapesOf(const SlotOwners& owners, bool all) {
  ShapeBag bag;
  for (const SlotOwner& owner : owners.all) {
    if (all || owner.optimized) bag.push_back(owner.shape.dims);
  }
  std::ranges::sort(bag);
  return bag;
}

// How well the groups can be the state of these weights, in whatever order.
class Judge {
 public:
  explicit Judge(const SlotOwners& owners)
      : optimized_(ShapesOf(owners, false)), all_(ShapesOf(owners, true)) {}

  int Score(const SlotGroups& groups) const {
    ShapeBag shapes = ShapesOf(groups);
    if (shapes == optimized_) return kBest;
    if (shapes == all_) return 2;
    return std::ranges::includes(all_, shapes) ? 1 : 0;
  }

  static constexpr int kBest = 3;

 private:
  ShapeBag optimized_, all_;
};

}  // namespace

std::optional<SlotGroups> GuessGroups(SlotDialect dialect,
                                      const std::vector<Shape>& stored,
                                      const SlotOwners& owners) {
  const Judge judge(owners);
  std::optional<SlotGroups> best;
  int best_score = -1;
  auto offer = [&](std::optional<SlotGroups> groups,
                   std::string_view class_name) {
    if (!groups) return;
    int score = judge.Score(*groups);
    if (score <= best_score) return;
    for (SlotGroup& group : *groups) group.class_name = class_name;
    best = std::move(groups);
    best_score = score;
  };
  for (const Guess& guess : Guesses(dialect)) {
    offer(GroupByRuns(guess.runs, stored), guess.class_name);
    if (best_score == Judge::kBest) return best;
  }
  if (best_score < 2) {
    offer(GroupAdafactor({}, dialect, stored, owners), "Adafactor");
  }
  return best;
}

}  // namespace ckptdiff
