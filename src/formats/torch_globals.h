// Which names a torch pickle may import without harm.

#ifndef CKPTDIFF_FORMATS_TORCH_GLOBALS_H_
#define CKPTDIFF_FORMATS_TORCH_GLOBALS_H_

#include <span>
#include <string_view>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Lists what the pickle names besides data types of torch, NumPy and the
// standard library under the rule unsafe-pickle: loading the file with
// torch.load would import it, and may run it.
void ListUnknownGlobals(std::span<const std::string_view> globals,
                        Layout* layout);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_GLOBALS_H_
