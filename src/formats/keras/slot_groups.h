// From the numbered variables of an optimizer to groups, one per trainable
// variable: the orders that Keras' classes store their slots in.

#ifndef CKPTDIFF_FORMATS_KERAS_SLOT_GROUPS_H_
#define CKPTDIFF_FORMATS_KERAS_SLOT_GROUPS_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"
#include "formats/keras/optimizer.h"
#include "formats/keras/slots.h"

namespace ckptdiff {

// The slots of one trainable variable, by their positions in the file.
struct SlotGroup {
  Shape shape;                                        // of the variable
  std::vector<std::pair<size_t, std::string>> slots;  // position, word
  std::vector<size_t> placeholders;
  std::string_view class_name = {};  // guessed: the one whose words these are
};

using SlotGroups = std::vector<SlotGroup>;

// nullopt: the shapes contradict this order.
std::optional<SlotGroups> GroupByRuns(const std::vector<SlotRun>& runs,
                                      const std::vector<Shape>& stored);

// Adafactor: row, column, velocity of a matrix, velocity alone of a vector, as
// far as the shapes tell where one ends. `in_front` are runs of single words.
std::optional<SlotGroups> GroupAdafactor(const std::vector<SlotRun>& in_front,
                                         SlotDialect dialect,
                                         const std::vector<Shape>& stored,
                                         const SlotOwners& owners);

// The order of the optimizer's class; one that is not known, or has another
// order than it should, is guessed from the shapes.
std::optional<SlotGroups> GroupByClass(const KerasOptimizer& optimizer,
                                       SlotDialect dialect,
                                       const std::vector<Shape>& stored,
                                       const SlotOwners& owners);

// Whether these are the shapes of the optimized owners, or of all, in order.
bool SameShapes(const SlotGroups& groups, const SlotOwners& owners, bool all);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_SLOT_GROUPS_H_
