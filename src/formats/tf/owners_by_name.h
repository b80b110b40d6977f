// Whose slots a list of an optimizer of Keras 2.11 and later holds: the name
// of a slot ends in its owner's, `Adam/m/dense/kernel` or `m/dense/kernel`.
// Names repeat: in a nested model, and in two models of one checkpoint.

#ifndef CKPTDIFF_FORMATS_TF_OWNERS_BY_NAME_H_
#define CKPTDIFF_FORMATS_TF_OWNERS_BY_NAME_H_

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// In the order of the model.
using WeightsByName = std::unordered_map<std::string, std::vector<Variable*>>;

// The owners of the slots in the lists of one optimizer, as far as the file
// settles them.
std::unordered_map<const Variable*, Variable*> OwnersByName(
    const WeightsByName& weights,
    const std::vector<std::vector<Variable*>>& lists);

// Slots whose names are made of their owner's: `muon/dense_kernel_velocity` of
// `dense/kernel`.
class OwnersByFlatName {
 public:
  // nullptr stands for what is no variable.
  explicit OwnersByFlatName(const std::vector<Variable*>& weights);

  // The owner, and the word behind its name; nullptr where there is none, or
  // several of that name.
  std::pair<Variable*, std::string_view> Find(const Variable& slot) const;

 private:
  std::unordered_map<std::string, Variable*> by_name_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_OWNERS_BY_NAME_H_
