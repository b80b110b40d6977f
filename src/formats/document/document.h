// A parsed layout document as a Layout.

#ifndef CKPTDIFF_FORMATS_DOCUMENT_DOCUMENT_H_
#define CKPTDIFF_FORMATS_DOCUMENT_DOCUMENT_H_

#include <string>
#include <vector>

#include "ckptdiff/layout.h"
#include "container/doc_tree.h"
#include "formats/document/fields.h"

namespace ckptdiff {

// Throws ParseError(kInvalidLayout) naming line and place of what is wrong.
// Fields that nobody knows go to `remarks` (which may be nullptr).
Layout LayoutFromDocument(const DocNode& root,
                          std::vector<std::string>* remarks);

// One variable as it stands, with what it leaves unsaid.
struct WrittenVariable {
  Variable variable;
  bool says_role = false;
  bool says_trainable = false;
};
// `node` is an object; its "name" may be absent where `name` is given.
WrittenVariable ReadWrittenVariable(const DocNode& node, const Place& place,
                                    const std::string& name, Reading* reading);
// The value of a mapping of names: a shape, null, or an object.
WrittenVariable ReadMappedVariable(const DocNode& node, const Place& place,
                                   const std::string& name, Reading* reading);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_DOCUMENT_DOCUMENT_H_
