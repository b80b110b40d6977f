// The names that optimizers of tf.keras and Keras 3 give to themselves and to
// their state in an object graph.

#ifndef CKPTDIFF_FORMATS_TF_OPTIMIZER_NAMES_H_
#define CKPTDIFF_FORMATS_TF_OPTIMIZER_NAMES_H_

#include <optional>
#include <string>
#include <string_view>

#include "formats/tf/object_graph.h"

namespace ckptdiff {

// By the attributes that every optimizer of a generation has.
bool IsOptimizer(const ObjectNode& node);

// What one element of an optimizer's list is, in the words of Keras 3
// ("momentum" of `_momentums`); nullopt where the attribute is no such list.
std::optional<std::string_view> WordOfList(std::string_view attribute);

// The class that a name stands for: "adam_1" and "Adam" are "Adam", "rm_sprop"
// is "RMSprop"; empty where the word is no optimizer's name.
std::string ClassOfName(std::string_view word);

// The class whose lists these are, where the variables' names do not tell it
// (under a loss scale): which there are, and which was made first.
std::string ClassOfLists(const ObjectNode& optimizer);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TF_OPTIMIZER_NAMES_H_
