// How the names of all renamed variables changed, taken together: which of the
// changes of single names (name_diff.h) is a prefix of them all.

#ifndef CKPTDIFF_CAUSES_NAME_CHANGES_H_
#define CKPTDIFF_CAUSES_NAME_CHANGES_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "causes/name_diff.h"
#include "ckptdiff/finding.h"

namespace ckptdiff {

struct NameChange {
  size_t finding = 0;
  std::string_view actual;
  std::string_view expected;
  bool separator_changed = false;
  bool is_state = false;  // of an optimizer
  // Parts at the front of the longer name that are entries of the file's own:
  // its key keeps them apart (generator/fc1.weight).
  size_t entries = 0;
  std::vector<Hunk> hunks;
};

// The change that stands at the front of most of the names that changed.
struct FrontChange {
  std::string removed, added;  // with a separator behind, or empty
  size_t count = 0;
};

class NameChanges {
 public:
  NameChanges() = default;
  // `positions` of findings with both sides; `all` names took part, renamed or
  // not; `of_slots`: names of optimizer state alone.
  NameChanges(std::span<const Finding> findings,
              const std::vector<size_t>& positions, size_t all, bool of_slots);

  const std::vector<NameChange>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  // True where these are names of optimizer state whose variables keep theirs.
  bool of_slots() const { return of_slots_; }

  // Positions of the findings that have a hunk of one of these kinds.
  std::vector<size_t> Of(std::initializer_list<ChangeKind> kinds) const;
  // Which part of the names that have a hunk of these kinds changed in no
  // other way, 0..1.
  double Purity(std::initializer_list<ChangeKind> kinds) const;
  // Different hunks of these kinds but for numbers.
  size_t Signatures(std::initializer_list<ChangeKind> kinds) const;
  const FrontChange& front() const { return front_; }
  // Findings whose separator changed.
  std::vector<size_t> SeparatorChanged() const;
  // Where all names lost (or gained) the same number of characters, and not
  // all of them whole parts: how many; else 0.
  size_t blind_cut() const { return blind_cut_; }

 private:
  size_t CommonDepth() const;
  void FindFront(size_t all);
  void FollowFront();
  void FindBlindCut();

  std::vector<NameChange> changes_;
  FrontChange front_;
  size_t blind_cut_ = 0;
  bool of_slots_ = false;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CAUSES_NAME_CHANGES_H_
