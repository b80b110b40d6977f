#include "formats/keras/store.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "base/text.h"
#include "formats/keras/hdf5.h"

namespace ckptdiff {

std::optional<uint64_t> NumberOf(const StoredVariable& stored) {
  const std::string& leaf = stored.leaf;
  uint64_t number = 0;
  auto [end, error] =
      std::from_chars(leaf.data(), leaf.data() + leaf.size(), number);
  bool is_number = error == std::errc() && end == leaf.data() + leaf.size();
  return is_number ? std::optional(number) : std::nullopt;
}

namespace {

// tf-keras up to 2.14 called the container of a model's layers by another
// name, and on Windows its paths have backslashes inside of one HDF5 name.
void AppendComponents(std::string_view name, std::string* path) {
  for (std::string_view part : Split(name, '\\')) {
    if (part == "_layer_checkpoint_dependencies") part = "layers";
    if (!path->empty()) *path += '/';
    *path += part;
  }
}

// Numbers first, as they were counted: 2 before 10.
bool LeafLess(const StoredVariable& a, const StoredVariable& b) {
  std::optional<uint64_t> x = NumberOf(a), y = NumberOf(b);
  if (x && y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a.leaf < b.leaf;
}

class Walk {
 public:
  Walk(const StoreFile& file, KerasStore* store) : file_(file), store_(store) {}

  void Group(const Hdf5Node& group, const std::string& key,
             const std::string& path) {
    for (const Hdf5Node& child : group.children) {
      std::string child_key = key.empty() ? child.name : key + "/" + child.name;
      std::string child_path = path;
      AppendComponents(child.name, &child_path);
      bool is_link = child.kind == Hdf5Node::Kind::kSoftLink ||
                     child.kind == Hdf5Node::Kind::kExternalLink;
      if (child.is_dataset() || is_link) {
        Add(child, child_key, path);
      } else if (child.is_group()) {
        Group(child, child_key, child_path);
      }
    }
    std::string_view name = Split(group.name, '\\').back();
    if (name == "vars") {
      StoreGroup& object = (*store_)[Object(path)];
      if (object.label.empty()) object.label = group.Text("name");
    }
  }

 private:
  // "layers/dense/vars" → "layers/dense".
  static std::string Object(const std::string& path) {
    if (path == "vars") return {};
    return path.ends_with("/vars") ? path.substr(0, path.size() - 5) : path;
  }

  void Add(const Hdf5Node& node, const std::string& key,
           const std::string& path) {
    StoredVariable stored;
    stored.variable = DatasetVariable(node, key);
    std::optional<ByteRange>& data = stored.variable.data;
    if (data && file_.offset) {
      std::optional<uint64_t> at = CheckedAdd(data->offset, *file_.offset);
      data->file = file_.name;
      if (at) data->offset = *at;
    } else {
      data.reset();
    }
    stored.leaf = node.name;
    stored.step = StepValue(node);
    (*store_)[Object(path)].variables.push_back(std::move(stored));
  }

  const StoreFile& file_;
  KerasStore* store_;
};

}  // namespace

bool PathLess::operator()(const std::string& a, const std::string& b) const {
  if (NaturalLess(a, b)) return true;
  return !NaturalLess(b, a) && a < b;
}

void AddToStore(const Hdf5Node& root, const StoreFile& file,
                KerasStore* store) {
  Walk(file, store).Group(root, "", "");
  for (auto& [path, group] : *store) {
    std::ranges::stable_sort(group.variables, LeafLess);
  }
}

}  // namespace ckptdiff
