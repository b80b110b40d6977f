#include "layout/selection.h"

namespace ckptdiff {

Result<Selection> Select(const Layout& actual, const Layout& expected,
                         const std::vector<std::string>&) {
  return Selection{actual, expected, 0};
}

}  // namespace ckptdiff
