// Typed access to the fields of a layout document, in which every mistake
// names its place (`line 12: variables[3].shape`), and a field that nobody
// knows is remarked upon.

#ifndef CKPTDIFF_FORMATS_DOCUMENT_FIELDS_H_
#define CKPTDIFF_FORMATS_DOCUMENT_FIELDS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "container/doc_tree.h"

namespace ckptdiff {

// Where in the document: a chain on the stack, written out only for a message.
struct Place {
  const Place* above = nullptr;
  std::string_view name;  // empty: `index` of an array
  size_t index = 0;
  uint32_t line = 0;

  Place Member(std::string_view member, uint32_t at_line) const {
    return {this, member, 0, at_line};
  }
  Place Element(size_t i, uint32_t at_line) const {
    return {this, {}, i, at_line};
  }
};

// One document being read.
class Reading {
 public:
  explicit Reading(std::vector<std::string>* remarks) : remarks_(remarks) {}

  [[noreturn]] static void Fail(const Place& place, std::string what,
                                std::string hint = {});
  // Once per document: what stands in one variable stands in a thousand.
  void Remark(const Place& place, const std::string& what);

 private:
  std::vector<std::string>* remarks_;
  std::set<std::string> told_;
};

// One object. Null and absent are the same.
class Fields {
 public:
  // Fails where `json` is no object; remarks upon every field that is not in
  // `known` and does not begin with "x-".
  Fields(const DocNode& node, const Place& place,
         const std::vector<std::string_view>& known, Reading* reading);

  const Place& place() const { return place_; }
  Reading& reading() const { return *reading_; }
  Place At(std::string_view name) const;

  const DocNode* Get(std::string_view name) const;
  const DocNode* Array(std::string_view name) const;
  const DocNode* Object(std::string_view name) const;
  std::string Text(std::string_view name) const;  // empty if absent
  std::vector<std::string> Texts(std::string_view name) const;
  std::optional<bool> Bool(std::string_view name) const;
  std::optional<int64_t> Integer(std::string_view name) const;
  std::optional<uint64_t> Unsigned(std::string_view name) const;
  // Fails where the field is absent.
  const DocNode& Required(std::string_view name) const;

 private:
  const DocNode& node_;
  const Place& place_;
  Reading* reading_;
};

// The value as text; fails where it is none, or empty.
std::string TextAt(const DocNode& node, const Place& place);

// "is a number, should be WANTED".
[[noreturn]] void FailKind(const DocNode& node, std::string_view wanted,
                           const Place& place);

}  // namespace ckptdiff

#endif  // CKPTDIFF_FORMATS_DOCUMENT_FIELDS_H_
