// The variables that an optimizer calls by name. Its names were taken from a
// bare module; the file's may have been written around it (`module.` of
// DistributedDataParallel, `_orig_mod.` of torch.compile, the attribute of a
// LightningModule), or the other way round.

#ifndef CKPTDIFF_FORMATS_TORCH_NAMES_H_
#define CKPTDIFF_FORMATS_TORCH_NAMES_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

// Holds views of the names in `layout`.
class TorchNames {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit TorchNames(const Layout& layout);

  // For each name the index of its weight in Layout::variables, or kNone.
  // nullopt: the names fit several models alike, so they settle nothing.
  std::optional<std::vector<size_t>> Find(
      const std::vector<std::string_view>& names) const;

 private:
  std::vector<size_t> FindExact(const std::vector<std::string_view>& names,
                                std::string_view prefix) const;
  std::vector<size_t> FindUnwrapped(
      const std::vector<std::string_view>& names) const;

  std::unordered_map<std::string_view, size_t> weights_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_NAMES_H_
