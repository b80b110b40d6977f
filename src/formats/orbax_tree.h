// _METADATA of an Orbax item: the tree that was saved.

#ifndef CKPTDIFF_FORMATS_ORBAX_TREE_H_
#define CKPTDIFF_FORMATS_ORBAX_TREE_H_

#include <string>
#include <string_view>
#include <vector>

#include "layout/pytree.h"

namespace ckptdiff {

struct OrbaxLeaf {
  TreePath path;
  std::string storage_name;  // the keys joined by "."
};

// The leaves that are arrays, or numbers stored as such, in the order of the
// file. Throws ParseError(kCorrupt) naming `where`.
std::vector<OrbaxLeaf> ReadOrbaxTree(std::string_view json, std::string where);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_ORBAX_TREE_H_
