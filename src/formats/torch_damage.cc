#include "formats/torch_damage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ckptdiff {
namespace {

constexpr size_t kKept = 20;
constexpr size_t kNamed = 3;

}  // namespace

void TorchDamage::Add(std::string_view rule, const Variable& variable,
                      std::string message) {
  if (++counts_[rule] > kKept) return;
  kept_.push_back({std::string(rule), variable.Identity(), std::move(message)});
}

void TorchDamage::List(std::vector<Issue>* issues) const {
  issues->insert(issues->end(), kept_.begin(), kept_.end());
  for (const auto& [rule, count] : counts_) {
    if (count <= kKept) continue;
    issues->push_back({std::string(rule),
                       {},
                       fmt::format("the same of {}",
                                   Count(count - kKept, "further tensor"))});
  }
  if (holes_.empty()) return;
  std::string names;
  for (size_t i = 0; i < std::min(kNamed, holes_.size()); ++i) {
    names += (i > 0 ? ", " : "") + Printable(holes_[i]);
  }
  if (holes_.size() > kNamed) {
    names += fmt::format(" and {} more", holes_.size() - kNamed);
  }
  issues->push_back(
      {"unwritten-data",
       {},
       fmt::format("{} never written (torch.serialization.skip_data): the file "
                   "has zeros instead of values for {}",
                   Count(holes_.size(), "tensor was", "tensors were"), names)});
}

}  // namespace ckptdiff
