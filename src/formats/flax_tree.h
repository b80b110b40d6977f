// The leaves of a Flax state dict: what is in the file, without what it means.
// The encoding is told in formats/flax_msgpack.cc.

#ifndef CKPTDIFF_FORMATS_FLAX_TREE_H_
#define CKPTDIFF_FORMATS_FLAX_TREE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "io/source.h"
#include "layout/pytree.h"

namespace ckptdiff {

struct FlaxLeaf {
  enum class What { kArray, kNumber, kText };
  What what = What::kArray;
  TreePath path;
  Shape shape = Shape::Of({});
  std::string dtype;
  std::optional<uint64_t> bytes;
  std::optional<ByteRange> data;
  std::optional<int64_t> value;  // of an integer
  std::string text;
};

// The arrays and bare numbers of the file, in its order, each name once; of
// numbers only the first thousand. Arrays that stand in directories beside the
// file (T5X, Orbax) are followed. What is wrong and can be read past goes to
// `issues`. Throws ParseError(kCorrupt).
std::vector<FlaxLeaf> ReadFlaxTree(const Source& source,
                                   std::vector<Issue>* issues);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_FLAX_TREE_H_
