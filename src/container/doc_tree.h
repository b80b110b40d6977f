// A document as a tree that remembers how it was written: members in order,
// the line of every value, numbers and nested values as they stand. JSON and
// YAML become the same tree.

#ifndef CKPTDIFF_CONTAINER_DOC_TREE_H_
#define CKPTDIFF_CONTAINER_DOC_TREE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ckptdiff {

struct DocMember;

// What an array or object holds, in order. A view: the tree owns it.
class DocMembers {
 public:
  DocMembers() = default;
  DocMembers(const DocMember* first, size_t size)
      : first_(first), size_(size) {}

  inline const DocMember* begin() const;
  inline const DocMember* end() const;
  inline const DocMember& operator[](size_t i) const;
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  const DocMember* first_ = nullptr;
  size_t size_ = 0;
};

struct DocNode {
  enum class Kind : uint8_t { kNull, kBool, kNumber, kText, kArray, kObject };

  Kind kind = Kind::kNull;
  uint32_t line = 0;      // from 1
  std::string_view text;  // a scalar; of a JSON array or object, all of it
  DocMembers members;

  bool is(Kind wanted) const { return kind == wanted; }
  // The member, or nullptr: absent, or this is no object.
  const DocNode* Find(std::string_view name) const;
};

struct DocMember {
  std::string_view name;  // empty in an array
  DocNode value;
};

inline const DocMember* DocMembers::begin() const { return first_; }
inline const DocMember* DocMembers::end() const { return first_ + size_; }
inline const DocMember& DocMembers::operator[](size_t i) const {
  return first_[i];
}

// The value as JSON text, on one line where it has to be made.
std::string ToJson(const DocNode& node);

// A million values are a few allocations, and none of them is freed alone.
class DocTree {
 public:
  DocNode root;
  std::shared_ptr<void> keeper;  // what else `root` points into

  // Both live as long as the tree, wherever it is moved.
  std::string_view Own(std::string text);
  DocMembers Own(const DocMember* first, size_t size);

 private:
  std::deque<std::string> texts_;
  std::vector<std::unique_ptr<DocMember[]>> blocks_;
  size_t block_size_ = 0;
  size_t block_used_ = 0;
};

// One level above a value: the name under which an object holds it, or its
// position in an array.
struct DocStep {
  std::string_view name;  // empty before the first
  std::optional<size_t> index;
};
// "variables[3].shape"; empty for the root.
std::string ToString(const std::vector<DocStep>& path);

// Throws ParseError(kCorrupt) naming line, column and path: bad syntax, bad
// UTF-8, more than 200 levels, a name twice in one object. The tree points
// into `text`.
DocTree ParseJsonTree(std::string_view text);

// Throws where a name stands twice; hash-based, so that no object is slow.
void CheckNames(const DocNode& object);

}  // namespace ckptdiff

#endif  // CKPTDIFF_CONTAINER_DOC_TREE_H_
