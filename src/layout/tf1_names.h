// What optimizers that run in a TensorFlow 1 graph call themselves and their
// state.

#ifndef CKPTDIFF_LAYOUT_TF1_NAMES_H_
#define CKPTDIFF_LAYOUT_TF1_NAMES_H_

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// The slots that one optimizer makes for a variable, in creation order, which
// is the order of their numbers.
struct Tf1Recipe {
  std::string_view name;  // the optimizer's default `name`
  std::vector<std::string_view> slots;
};

// nullptr where no optimizer has that name by default.
const Tf1Recipe* FindTf1Recipe(std::string_view name);

// The slots of an RMSProp that is centred.
inline constexpr std::array<std::string_view, 3> kTf1Centred = {"rms", "mg",
                                                                "momentum"};
// The one of them whose slots are averages.
inline constexpr std::string_view kTf1Average = "ExponentialMovingAverage";

// Slots that carry their own word behind the variable's name.
struct Tf1WordSlot {
  std::string_view suffix;
  std::string_view slot;
  std::string_view optimizer;
};
std::span<const Tf1WordSlot> Tf1WordSlots();

// "Adam_3" is "Adam" and 3, "Adam" is "Adam" and 0.
std::pair<std::string_view, size_t> SplitTf1Number(std::string_view word);

// A class of Keras, whose optimizers run in graphs too.
bool IsKerasOptimizerClass(std::string_view name);

// What a scalar is for, by its name: the step, or an optimizer's; nullopt where
// the name says neither.
std::optional<Role> Tf1RoleOfScalar(std::string_view name);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_TF1_NAMES_H_
