// Which pairs a loader would not find where it looks.

#ifndef CKPTDIFF_RULES_RENAMES_H_
#define CKPTDIFF_RULES_RENAMES_H_

#include "match/comparison.h"

namespace ckptdiff {

// True where an optimizer keeps its slots in a tree of its own, not beside the
// variables that own them ("d_w1/Adam" of d_w1, as TF1 has them).
bool SlotsStandApart(const Layout& layout);

class Renames {
 public:
  explicit Renames(const Comparison& comparison);

  // A variable that stands under another name. An optimizer's own variables
  // (beta powers) are among them only where they are found by name like any
  // other: both loaders go by name, and slots stand beside their variables.
  bool IsRenamedVariable(const Pair& pair) const;
  // A slot, or an optimizer's own variable, whose variable is renamed or that
  // stands elsewhere itself.
  bool IsRenamedSlot(const Pair& pair) const;
  // How a pair is told: what is neither of the two is spelling.
  How Told(const Pair& pair) const;

 private:
  bool StandsElsewhere(const Variable& have, const Variable& want) const;

  const Comparison* comparison_;
  bool by_name_, by_key_;
  bool optimizer_variables_are_named_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_RULES_RENAMES_H_
