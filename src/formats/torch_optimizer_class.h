// Which class of torch.optim a state is of. No state_dict says so: the keys of
// a group and the words of the slots tell it.

#ifndef CKPTDIFF_FORMATS_TORCH_OPTIMIZER_CLASS_H_
#define CKPTDIFF_FORMATS_TORCH_OPTIMIZER_CLASS_H_

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace ckptdiff {

// The words from which the class of an optimizer is told: the keys of a group
// and the names of the slots. nullopt where they fit several.
std::optional<std::string> TorchOptimizerClass(
    const std::set<std::string, std::less<>>& group_keys,
    const std::set<std::string, std::less<>>& slot_words,
    bool is_weight_decay_decoupled);

// What an optimizer is called: its class, else the one that it resembles.
std::string TorchOptimizerWord(
    const std::optional<std::string>& class_name,
    const std::set<std::string, std::less<>>& group_keys);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_OPTIMIZER_CLASS_H_
