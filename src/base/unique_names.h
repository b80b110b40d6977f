// Names that stand only once, and where: what a name settles when two lists are
// joined by it. A name that repeats settles nothing.

#ifndef CKPTDIFF_BASE_UNIQUE_NAMES_H_
#define CKPTDIFF_BASE_UNIQUE_NAMES_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/name_index.h"

namespace ckptdiff {

class UniqueNames {
 public:
  static constexpr size_t kNone = NameIndex::kNone;

  // The bytes of the name must outlive this.
  void Add(std::string_view name, size_t position) {
    const size_t at = names_.Insert(name);
    if (at == kNone) {
      positions_.push_back(position);
    } else {
      positions_[at] = kNone;
    }
  }

  // kNone for a name that is unknown, repeats or was taken.
  size_t Find(std::string_view name) const {
    const size_t at = names_.Find(name);
    return at == kNone ? kNone : positions_[at];
  }

  // The name is not found any more.
  void Take(std::string_view name) {
    const size_t at = names_.Find(name);
    if (at != kNone) positions_[at] = kNone;
  }

  void Reserve(size_t count) {
    names_.Reserve(count);
    positions_.reserve(count);
  }

 private:
  NameIndex names_;
  std::vector<size_t> positions_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_BASE_UNIQUE_NAMES_H_
