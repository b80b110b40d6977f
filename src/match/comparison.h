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

// State that an optimizer keeps for one variable, torch's per-parameter `step`
// included.
inline bool IsSlot(const Variable& variable) {
  return variable.role == Role::kSlot ||
         (variable.role == Role::kOptimizer && variable.slot.has_value());
}

inline bool IsWeight(const Variable& variable) {
  return variable.role == Role::kWeight || variable.role == Role::kAverage;
}

// The layers of one side and the weights in them. A variable without a layer
// belongs to what stands before the last separator of its name.
class LayerIndex {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  struct Entry {
    std::string_view name;
    std::vector<size_t> variables;    // roles weight and average, ascending
    const Layer* declared = nullptr;  // as the layout lists it
  };

  explicit LayerIndex(const Layout& layout);

  const std::vector<Entry>& entries() const { return entries_; }
  // Position in entries(); kNone for a variable at the root, or of another
  // role.
  size_t Of(size_t variable) const { return of_variable_[variable]; }
  size_t Find(std::string_view name) const;

 private:
  size_t Intern(std::string_view name);

  std::vector<Entry> entries_;
  std::vector<size_t> of_variable_;
  std::unordered_map<std::string_view, size_t> by_name_;
};

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

  const LayerIndex& actual_layers() const { return actual_layers_; }
  const LayerIndex& expected_layers() const { return expected_layers_; }

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

  // Position of the variable that owns a slot (or is averaged), by key and
  // else by name; kNone where none does, and for what is no slot.
  size_t OwnerOfActual(size_t i) const { return owner_of_actual_[i]; }
  size_t OwnerOfExpected(size_t i) const { return owner_of_expected_[i]; }

 private:
  const Layout* actual_;
  const Layout* expected_;
  const Pairing* pairing_;
  bool is_diff_;
  std::vector<size_t> of_actual_, of_expected_;
  std::vector<size_t> pair_of_expected_;
  std::vector<bool> actual_placed_, expected_placed_;
  std::unordered_map<size_t, size_t> ambiguity_of_actual_;
  std::unordered_map<size_t, size_t> ambiguity_of_expected_;
  std::vector<size_t> owner_of_actual_, owner_of_expected_;
  LayerIndex actual_layers_, expected_layers_;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_MATCH_COMPARISON_H_
