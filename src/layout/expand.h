// What a hand-written layout leaves unsaid: roles told by names alone, slots
// that follow from an optimizer, defaults.

#ifndef CKPTDIFF_LAYOUT_EXPAND_H_
#define CKPTDIFF_LAYOUT_EXPAND_H_

#include <cstddef>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Which parts of a layout were said. As long as its lists.
struct Said {
  std::vector<bool> role;       // by variable
  std::vector<bool> trainable;  // by variable
  std::vector<bool> slots;      // by optimizer
};

// Roles that were not said: a slot's label ("d_w1/Adam/m") makes a slot, TF1's
// names are read as in its files ("d_w1/Adam_1", "beta1_power",
// "global_step"), all else is a weight; in a layout of Flax that says none, by
// the path as in its files ("opt_state/0/mu/dense/kernel"). Weights are
// trainable but for statistics. An optimizer without slot variables has its
// `slots` for every trainable weight, by default those of its class.
//
// Returns false, with nothing added, where that would be more than `most`
// variables.
bool ExpandLayout(const Said& said, size_t most, Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_EXPAND_H_
