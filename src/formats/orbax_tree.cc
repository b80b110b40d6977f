#include "formats/orbax_tree.h"

#include <optional>
#include <utility>

#include "container/json_cursor.h"

namespace ckptdiff {
namespace {

constexpr size_t kMaxKeys = 200;

// Reads _METADATA: the paths of the leaves that are arrays.
class TreeReader {
 public:
  TreeReader(std::string_view text, std::string where)
      : json_(text, std::move(where)),
        name_limit_((size_t{16} << 20) + 4 * text.size()) {}

  std::vector<OrbaxLeaf> Read();

 private:
  void ReadLeaf();
  void ReadKeys(OrbaxLeaf* leaf);
  bool IsArray();

  JsonCursor json_;
  size_t name_limit_;
  size_t name_bytes_ = 0;
  std::vector<OrbaxLeaf> leaves_;
};

void TreeReader::ReadKeys(OrbaxLeaf* leaf) {
  json_.EnterArray();
  while (json_.NextElement()) {
    if (leaf->path.size() == kMaxKeys) json_.Fail("has a leaf of 200 keys");
    std::string_view key;
    json_.EnterObject();
    while (auto member = json_.NextMember()) {
      if (*member == "key" && json_.Peek() == '"') {
        key = json_.Text();
      } else {
        json_.Skip();
      }
    }
    leaf->path.emplace_back(key);
    if (!leaf->storage_name.empty()) leaf->storage_name += '.';
    leaf->storage_name += key;
    name_bytes_ += 2 * key.size() + sizeof(std::string);
    if (name_bytes_ > name_limit_) json_.Fail("has names without end");
  }
}

// Whether value_metadata tells of an array, or a number that is stored as one.
bool TreeReader::IsArray() {
  bool is_array = true;
  json_.EnterObject();
  while (auto member = json_.NextMember()) {
    if (*member != "value_type" || json_.Peek() != '"') {
      json_.Skip();
      continue;
    }
    std::string_view type = json_.Text();
    for (std::string_view none :
         {"None", "Dict", "List", "Tuple", "NamedTuple", "string"}) {
      if (type == none) is_array = false;
    }
  }
  return is_array;
}

void TreeReader::ReadLeaf() {
  OrbaxLeaf leaf;
  bool is_array = true;
  json_.EnterObject();
  while (auto member = json_.NextMember()) {
    if (*member == "key_metadata") {
      ReadKeys(&leaf);
    } else if (*member == "value_metadata") {
      is_array = IsArray();
    } else {
      json_.Skip();
    }
  }
  if (is_array && !leaf.path.empty()) leaves_.push_back(std::move(leaf));
}

std::vector<OrbaxLeaf> TreeReader::Read() {
  bool has_tree = false;
  json_.EnterObject();
  while (auto member = json_.NextMember()) {
    if (*member != "tree_metadata" || json_.Peek() != '{') {
      json_.Skip();
      continue;
    }
    has_tree = true;
    json_.EnterObject();
    while (json_.NextMember()) ReadLeaf();
  }
  json_.Finish();
  if (!has_tree) json_.Fail("has no tree_metadata");
  return std::move(leaves_);
}

}  // namespace

std::vector<OrbaxLeaf> ReadOrbaxTree(std::string_view json, std::string where) {
  return TreeReader(json, std::move(where)).Read();
}

}  // namespace ckptdiff
