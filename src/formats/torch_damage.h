// Damage of single tensors, gathered: a file that was cut has it by thousands.

#ifndef CKPTDIFF_FORMATS_TORCH_DAMAGE_H_
#define CKPTDIFF_FORMATS_TORCH_DAMAGE_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

class TorchDamage {
 public:
  // Of each rule the first twenty are kept, the others counted. `rule` must
  // outlive this.
  void Add(std::string_view rule, const Variable& variable,
           std::string message);
  // A storage that was never written; all are one issue.
  void AddHole(const std::string& variable) { holes_.push_back(variable); }
  void List(std::vector<Issue>* issues) const;

 private:
  std::vector<Issue> kept_;
  std::map<std::string_view, size_t> counts_;
  std::vector<std::string> holes_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_TORCH_DAMAGE_H_
