// Whose state the numbered variables of an optimizer are: the order of the
// class and the shapes of the weights decide, and where they leave a choice,
// nothing is claimed.

#ifndef CKPTDIFF_FORMATS_KERAS_SLOTS_H_
#define CKPTDIFF_FORMATS_KERAS_SLOTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/keras/optimizer.h"

namespace ckptdiff {

// A weight that may have slots.
struct SlotOwner {
  std::string name;
  std::string key;
  Shape shape;
  // Stands in model.trainable_variables as far as the file tells. Layers may
  // have been frozen or thawed after the optimizer was built.
  bool optimized = true;
  // False: it is known only up to others of its shape: no slot is tied to it.
  bool settled = true;
  // The object that holds it, and what is known of the order of objects:
  // those of one family come in the order given. Used if `ordered` is false.
  std::string object;
  std::string family;
};

struct SlotOwners {
  std::vector<SlotOwner> all;
  // `all` is in the order of model.trainable_variables. False: only single
  // families are in order.
  bool ordered = false;
};

// One variable of the optimizer, tied.
struct TiedSlot {
  std::string word;          // the framework's own; empty: a scalar of its own
  bool placeholder = false;  // holds nothing (Adafactor below rank 2)
  std::optional<size_t> owner;  // in SlotOwners::all
  // Guessed: the class whose word it is, for what the file tells of none.
  std::string_view class_name = {};
};

// `stored` are the shapes of the optimizer's variables behind its scalars
// (iteration, learning rate). One result each; a class that is not known is
// guessed from the shapes.
std::vector<TiedSlot> TieSlots(const KerasOptimizer& optimizer,
                               SlotDialect dialect,
                               const std::vector<Shape>& stored,
                               const SlotOwners& owners);

// The same for an order that is given. Nothing is tied unless the shapes are
// those of all owners, or of the optimized ones.
std::vector<TiedSlot> TieRuns(const std::vector<SlotRun>& runs,
                              const std::vector<Shape>& stored,
                              const SlotOwners& owners);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_SLOTS_H_
