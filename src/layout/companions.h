// What a method puts beside a parameter, or into its place: weight norm, LoRA,
// quantization.

#ifndef CKPTDIFF_LAYOUT_COMPANIONS_H_
#define CKPTDIFF_LAYOUT_COMPANIONS_H_

#include <string_view>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Whether a part of the name is one that such a method adds.
bool IsCompanion(std::string_view name);

// Whether all weights of the layout are: a file of adapters.
bool IsOfCompanions(const Layout& layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_COMPANIONS_H_
