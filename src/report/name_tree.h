// The variables of a layout as the tree that their names draw, with what
// repeats folded: twelve equal blocks are one branch.

#ifndef CKPTDIFF_REPORT_NAME_TREE_H_
#define CKPTDIFF_REPORT_NAME_TREE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"

namespace ckptdiff {

struct NameTree {
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // A part of a name. A folded node stands for `times` equal ones.
  struct Node {
    std::string label;  // "encoder.layer", "block_{0..11}"
    char separator = '/';
    std::string path;              // the whole name down to here
    size_t variable = kNone;       // in Layout::variables; a leaf
    std::vector<size_t> children;  // in `nodes`, in order of the file
    size_t times = 1;
    uint64_t variables = 0;  // of one of them, all below together
    uint64_t parameters = 0;
  };

  std::vector<Node> nodes;
  std::vector<size_t> roots;
};

// Of the variables at `members`. `facts[i]` says all that is shown of variable
// `i`: branches are equal where names and facts are.
NameTree BuildNameTree(const Layout& layout, const std::vector<size_t>& members,
                       const std::map<size_t, std::string>& facts, bool fold);

}  // namespace ckptdiff

#endif  // CKPTDIFF_REPORT_NAME_TREE_H_
