// A short form of values that does not depend on how they are laid out.

#ifndef CKPTDIFF_CONTENT_FINGERPRINT_H_
#define CKPTDIFF_CONTENT_FINGERPRINT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "match/content.h"

namespace ckptdiff {

// Takes the bytes of one variable, in pieces of whole elements.
//
// `values` is the sum of a hash of every element: a sum does not ask for the
// order, so one pass tells a transposed or reshaped tensor from another one,
// whatever the axes, and nothing is held in memory. `order` is a polynomial
// of the same hashes and does ask.
class Fingerprinter {
 public:
  explicit Fingerprinter(size_t element_size) : size_(element_size) {}

  void Add(Bytes bytes);
  // Nothing, where all elements are equal or there are fewer than two.
  Fingerprint Finish(std::string_view dtype) const;

 private:
  template <typename T>
  void AddAs(Bytes bytes);

  size_t size_;
  uint64_t count_ = 0;
  uint64_t first_ = 0;
  bool is_constant_ = true;
  uint64_t values_ = 0, order_ = 0;
};

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTENT_FINGERPRINT_H_
