// What takes part in a comparison: both layouts after `rename`, without what
// is ignored and what is unknown.

#ifndef CKPTDIFF_LAYOUT_SELECTION_H_
#define CKPTDIFF_LAYOUT_SELECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "ckptdiff/result.h"

namespace ckptdiff {

// Refers to the layouts that it was made from, which must outlive it; only a
// side that something was changed in is a copy.
class Selection {
 public:
  Selection(const Layout& actual, const Layout& expected)
      : actual_(&actual), expected_(&expected) {}

  const Layout& actual() const { return own_actual_ ? *own_actual_ : *actual_; }
  const Layout& expected() const {
    return own_expected_ ? *own_expected_ : *expected_;
  }
  // Variables that `ignore` left out, of either side.
  uint64_t ignored() const { return ignored_; }

 private:
  friend Result<Selection> Select(const Layout&, const Layout&,
                                  const std::vector<std::string>&);

  const Layout* actual_;
  const Layout* expected_;
  std::optional<Layout> own_actual_, own_expected_;
  uint64_t ignored_ = 0;
};

// Applies `expected.rename` to the names and slot owners of `actual`, puts the
// keys of `expected` where `actual` holds that object (anchor.h), then leaves
// out of both sides what `expected.ignore` and `ignore` match by name, key or
// label, with its slots; then the variables of layers whose variables the other
// side does not know. Fails with kInvalidLayout where a rename makes two
// variables one (the error names both), with kUsage where a `from` is no RE2 or
// a `to` asks for more than it captures.
Result<Selection> Select(const Layout& actual, const Layout& expected,
                         const std::vector<std::string>& ignore);

}  // namespace ckptdiff

#endif  // CKPTDIFF_LAYOUT_SELECTION_H_
