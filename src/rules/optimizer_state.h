// How the optimizers of both sides correspond, judged by the slots that they
// keep for paired variables: the order of decision of the contract, §5.5.

#ifndef CKPTDIFF_RULES_OPTIMIZER_STATE_H_
#define CKPTDIFF_RULES_OPTIMIZER_STATE_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "match/comparison.h"

namespace ckptdiff {

class OptimizerState {
 public:
  // An optimizer of the model and the one of the checkpoint that keeps state
  // for most of the same variables; `actual` is empty where none does.
  struct Correspondence {
    std::string_view expected;
    std::string_view actual;
    std::vector<std::string_view> expected_kinds;  // slot names, ascending
    std::vector<std::string_view> actual_kinds;
    bool kinds_correspond = true;
  };
  // An optimizer of the checkpoint that the model has no use for.
  struct Unused {
    std::string_view id;
    size_t slots = 0;
  };

  explicit OptimizerState(const Comparison& comparison);

  // False where the model has neither optimizer nor slots: then nothing of the
  // optimizer is compared.
  bool compared() const { return compared_; }
  // True where the model wants slots and the checkpoint holds none at all.
  bool is_missing() const { return is_missing_; }
  // Only optimizers of the model that keep slots.
  const std::vector<Correspondence>& correspondences() const {
    return correspondences_;
  }
  const std::vector<Unused>& unused() const { return unused_; }

  // Positions on the expected side, ascending.
  const std::vector<size_t>& missing_slots() const { return missing_; }
  // Positions on the actual side, ascending: of variables that are gone, and
  // of variables that are there and whose slot nobody expects.
  const std::vector<size_t>& orphans() const { return orphans_; }
  const std::vector<size_t>& surplus_slots() const { return surplus_; }

  // Paired variables for which the model expects slots.
  size_t owners_with_slots() const { return owners_with_slots_; }
  size_t owners_without_slots() const { return owners_without_slots_; }

 private:
  void IndexActualSlots();
  void FindUnused();
  void FindMissing();
  void FindCorrespondences();
  void FindSurplus();

  const Comparison* comparison_;
  bool compared_ = false;
  bool is_missing_ = false;
  bool all_optional_ = true;
  std::vector<std::vector<size_t>> slots_of_actual_;  // by owner
  std::vector<size_t> unowned_;  // slots whose owner the file leaves open
  std::vector<Correspondence> correspondences_;
  std::vector<Unused> unused_;
  std::vector<size_t> missing_, orphans_, surplus_;
  size_t owners_with_slots_ = 0, owners_without_slots_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_OPTIMIZER_STATE_H_
