// YAML as the tree that JSON of the same meaning gives. The only home of
// yaml-cpp.

#ifndef CKPTDIFF_CONTAINER_YAML_DOC_H_
#define CKPTDIFF_CONTAINER_YAML_DOC_H_

#include <string>

#include "container/doc_tree.h"

namespace ckptdiff {

// One document. Plain scalars are typed as in YAML 1.2's core schema, quoted
// ones are text. Throws ParseError(kCorrupt) naming the line: bad syntax, more
// than 200 levels, a key that is no scalar or stands twice, aliases that make
// more of it than was written (so that no bomb goes off).
DocTree ParseYamlTree(const std::string& text);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_YAML_DOC_H_
