// A document as a tree that remembers how it was written: members in order,
// the line of every value, numbers and nested values as they stand. JSON and
// YAML become the same tree.

#ifndef CKPTDIFF_CONTAINER_DOC_TREE_H_
#define CKPTDIFF_CONTAINER_DOC_TREE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ckptdiff {

struct DocNode {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kText, kArray, kObject };

  Kind kind = Kind::kNull;
  uint32_t line = 0;      // from 1
  std::string_view text;  // a scalar; of a JSON array or object, all of it
  // Names are empty in an array.
  std::vector<std::pair<std::string_view, DocNode>> members;

  bool is(Kind wanted) const { return kind == wanted; }
  // The member, or nullptr: absent, or this is no object.
  const DocNode* Find(std::string_view name) const;
};

// The value as JSON text, on one line where it has to be made.
std::string ToJson(const DocNode& node);

struct DocTree {
  DocNode root;
  std::deque<std::string> owned;  // text that does not stand in the document
  std::shared_ptr<void> keeper;   // what else `root` points into
};

// Throws ParseError(kCorrupt) naming the line: bad syntax, bad UTF-8, more
// than 200 levels, a name twice in one object. The tree points into `text`.
DocTree ParseJsonTree(std::string_view text);

// Throws where a name stands twice; hash-based, so that no object is slow.
void CheckNames(const DocNode& object);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_DOC_TREE_H_
