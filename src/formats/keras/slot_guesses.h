// Slots of an optimizer that the file does not name: a bare store holds
// numbers alone.

#ifndef CKPTDIFF_FORMATS_KERAS_SLOT_GUESSES_H_
#define CKPTDIFF_FORMATS_KERAS_SLOT_GUESSES_H_

#include <optional>
#include <vector>

#include "formats/keras/slot_groups.h"

namespace ckptdiff {

// The likeliest order that the shapes bear; nullopt: none.
std::optional<SlotGroups> GuessGroups(SlotDialect dialect,
                                      const std::vector<Shape>& stored,
                                      const SlotOwners& owners);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_KERAS_SLOT_GUESSES_H_
