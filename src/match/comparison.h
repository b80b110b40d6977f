// What rules and causes look at: both layouts, their pairing, and the indexes
// that everybody needs, made once.

#ifndef CKPTDIFF_MATCH_COMPARISON_H_
#define CKPTDIFF_MATCH_COMPARISON_H_

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ckptdiff/layout.h"
#include "match/pairing.h"

namespace ckptdiff {

class Comparison {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // All three must outlive the comparison.
  Comparison(const Layout& actual, const Layout& expected,
             const Pairing& pairing, bool is_diff);

  const Layout& actual() const { return *actual_; }
  const Layout& expected() const { return *expected_; }
  const Pairing& pairing() const { return *pairing_; }
  bool is_diff() const { return is_diff_; }

  const Variable& actual(size_t i) const { return actual_->variables[i]; }
  const Variable& expected(size_t i) const { return expected_->variables[i]; }

  // The partner of a variable, or kNone; parts of a group have none.
  size_t PartnerOfActual(size_t i) const { return of_actual_[i]; }
  size_t PartnerOfExpected(size_t i) const { return of_expected_[i]; }
  // The pair that a variable stands in, or nullptr.
  const Pair* PairOfExpected(size_t i) const;
  // True for a variable that is paired, or part of a group.
  bool ActualIsPlaced(size_t i) const { return actual_placed_[i]; }
  bool ExpectedIsPlaced(size_t i) const { return expected_placed_[i]; }
  // The ambiguous set that a variable is in, or nullptr.
  const Ambiguity* AmbiguityOfActual(size_t i) const;
  const Ambiguity* AmbiguityOfExpected(size_t i) const;

  // Position of the variable that owns a slot, by key and else by name; kNone
  // where none does.
  size_t OwnerInActual(const Variable& slot) const;
  size_t OwnerInExpected(const Variable& slot) const;

 private:
  // Identity → position; names only where they are unique.
  struct Index {
    explicit Index(const Layout& layout);
    size_t Owner(const Variable& slot) const;
    std::unordered_map<std::string_view, size_t> by_key;
    std::unordered_map<std::string_view, size_t> by_name;
  };

  const Layout* actual_;
  const Layout* expected_;
  const Pairing* pairing_;
  bool is_diff_;
  std::vector<size_t> of_actual_, of_expected_;
  std::vector<size_t> pair_of_expected_;
  std::vector<bool> actual_placed_, expected_placed_;
  std::unordered_map<size_t, size_t> ambiguity_of_actual_;
  std::unordered_map<size_t, size_t> ambiguity_of_expected_;
  Index actual_index_, expected_index_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_COMPARISON_H_
