// Orbax: a directory per step, in it one per item (a training state, metrics),
// or the files of the only item directly.
//
//   <root>/<step>/                  "10", "checkpoint_10"
//     _CHECKPOINT_METADATA          JSON: items, times of the save
//     <item>/                       "default", "state", "params", ...
//       _METADATA                   JSON: the tree, key by key
//       manifest.ocdbt, d/, ocdbt.process_<n>/      all arrays in one store, or
//       <a.b.c>/.zarray, zarr.json  a Zarr directory for each
//       array_metadatas/, _sharding not needed here
//     metadata/, metrics/           items that are JSON
//   <root>/<step>.orbax-checkpoint-tmp…   a save that never ended
//
// _METADATA has the names, as lists of keys, and the kinds of the leaves;
// shapes and types are in the metadata of each Zarr array (version 2 or 3),
// whose storage name is the keys joined by ".". The roles follow from the tree
// (layout/pytree.h). The step is the name of the step's directory, else what
// the tree counts.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/parse_error.h"
#include "base/text.h"
#include "container/json_cursor.h"
#include "container/ocdbt.h"
#include "formats/format.h"
#include "formats/orbax_store.h"
#include "layout/pytree.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kTree = "_METADATA";
constexpr std::string_view kStepMetadata = "_CHECKPOINT_METADATA";
constexpr std::string_view kStandAlone = "orbax.checkpoint";
constexpr std::string_view kUnfinished = ".orbax-checkpoint-tmp";
constexpr uint64_t kMaxTree = uint64_t{256} << 20;
constexpr std::string_view kManifestMagic = "\x0c\xdb\x3a\x2a";
constexpr size_t kMaxKeys = 200;

bool IsItem(const Source& directory) {
  if (directory.HasChild(kTree) && directory.Child(kTree).Peek(0, 1) == "{") {
    return true;
  }
  return directory.HasChild(kOcdbtManifest) ||
         directory.HasChild("ocdbt.process_0") ||
         directory.HasChild("array_metadatas");
}

bool IsUnfinished(std::string_view name) {
  return name.find(kUnfinished) != name.npos;
}

// "10", "checkpoint_10", "ckpt_000007".
std::optional<int64_t> StepNumber(std::string_view name) {
  size_t digits = name.find_last_not_of("0123456789") + 1;
  std::string_view number = name.substr(digits);
  if (number.empty() || number.size() > 18) return std::nullopt;
  if (digits > 0 && name[digits - 1] != '_' && name[digits - 1] != '-') {
    return std::nullopt;
  }
  int64_t value = 0;
  for (char c : number) value = value * 10 + (c - '0');
  return value;
}

bool IsUsualItem(std::string_view name) {
  for (std::string_view usual : {"default", "state", "train_state", "params",
                                 "model", "items", "pytree"}) {
    if (name == usual) return true;
  }
  return false;
}

// The items of a step that hold a tree of arrays. What has a
// _CHECKPOINT_METADATA of its own is a checkpoint, not an item; and without
// one here, only the names tell that these are not several checkpoints.
std::vector<std::string> ItemsOf(const Source& step) {
  bool is_step =
      step.HasChild(kStepMetadata) || StepNumber(step.name()).has_value();
  std::vector<std::string> items;
  for (const std::string& name : step.Entries()) {
    if (name.starts_with("ocdbt.process_") || IsUnfinished(name)) continue;
    Source item = step.Child(name);
    bool is_usual = IsUsualItem(name);
    if (!IsItem(item) || (item.HasChild(kStepMetadata) && !is_usual)) continue;
    if (is_step || is_usual) items.push_back(name);
  }
  return items;
}

bool IsStep(const Source& directory) {
  return IsItem(directory) || !ItemsOf(directory).empty();
}

// The newest finished step below a directory.
std::optional<Source> NewestStep(const Source& root) {
  std::optional<Source> newest;
  int64_t highest = -1;
  for (const std::string& name : root.Entries()) {
    std::optional<int64_t> step = StepNumber(name);
    if (!step || *step <= highest || IsUnfinished(name)) continue;
    Source child = root.Child(name);
    if (!child.is_directory() || !IsStep(child)) continue;
    newest = child;
    highest = *step;
  }
  return newest;
}

// What was typed, as Orbax sees it.
struct Place {
  Source step;                     // of the checkpoint
  std::vector<std::string> items;  // below it; empty: it is the item itself
  bool is_chosen = false;          // a run was typed, and has several
};

std::optional<Place> Locate(const Source& source) {
  if (source.is_file()) {
    std::string name = source.name();
    bool is_part = source.Peek(0, 4) == kManifestMagic ||
                   (name == kTree && source.Peek(0, 1) == "{") ||
                   (name == kStepMetadata && source.Peek(0, 1) == "{");
    if (!is_part) return std::nullopt;
    Source directory(source.files(), source.directory());
    return directory.is_directory() && IsStep(directory) ? Locate(directory)
                                                         : std::nullopt;
  }
  if (IsItem(source)) return Place{source, {}};
  std::vector<std::string> items = ItemsOf(source);
  bool is_run = !source.HasChild(kStepMetadata) && NewestStep(source);
  if (!items.empty() && !is_run) return Place{source, std::move(items)};
  std::optional<Source> newest = NewestStep(source);
  if (!newest) {
    bool is_empty = source.HasChild(kStepMetadata);
    return is_empty ? std::optional(Place{source, {}}) : std::nullopt;
  }
  Place place{*newest, {}, true};
  if (!IsItem(*newest)) place.items = ItemsOf(*newest);
  return place;
}

Claim Detect(const Source& source, const ReadOptions&) {
  std::optional<Place> place = Locate(source);
  if (!place) return {};
  std::string path = place->step.path();
  // An item typed by itself is the checkpoint of its step, if that has no
  // other one.
  Source above(source.files(), place->step.directory());
  bool is_item = place->items.empty() && above.HasChild(kStepMetadata) &&
                 ItemsOf(above).size() == 1;
  if (is_item) path = above.path();
  return {.match = Match::kYes, .primary = path, .members = {path}};
}

struct Leaf {
  TreePath path;
  std::string storage_name;
};

// Reads _METADATA: the paths of the leaves that are arrays.
class TreeReader {
 public:
  TreeReader(std::string_view text, std::string where)
      : json_(text, std::move(where)),
        name_limit_((size_t{16} << 20) + 4 * text.size()) {}

  std::vector<Leaf> Read();

 private:
  void ReadLeaf();
  void ReadKeys(Leaf* leaf);
  bool IsArray();

  JsonCursor json_;
  size_t name_limit_;
  size_t name_bytes_ = 0;
  std::vector<Leaf> leaves_;
};

void TreeReader::ReadKeys(Leaf* leaf) {
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
  Leaf leaf;
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

std::vector<Leaf> TreeReader::Read() {
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

// Puts the items of one step together.
class StepReader {
 public:
  explicit StepReader(const Place& place) : place_(place) {}
  Layout Read() &&;

 private:
  void ReadItem(const std::string& name);
  void AddLeaf(const Leaf& leaf, const OrbaxStore& store,
               const std::string& prefix);
  std::vector<Leaf> LeavesOf(const Source& item, const OrbaxStore& store,
                             const std::string& prefix);
  void SetStep();

  const Place& place_;
  Layout layout_;
  std::vector<TreePath> paths_;
  std::vector<std::optional<int64_t>> values_;
  std::set<std::string> keys_;
};

std::vector<Leaf> StepReader::LeavesOf(const Source& item,
                                       const OrbaxStore& store,
                                       const std::string& prefix) {
  if (item.HasChild(kTree)) {
    std::string text = item.Child(kTree).ReadAll(kMaxTree);
    return TreeReader(text, prefix + std::string(kTree)).Read();
  }
  layout_.issues.push_back(
      {"missing-shard", prefix + std::string(kTree),
       "is not there: names are told from the storage, where a key that "
       "contains \".\" looks like two"});
  std::vector<Leaf> leaves;
  for (std::string& name : store.Names()) {
    Leaf leaf;
    for (std::string_view part : Split(name, '.')) leaf.path.emplace_back(part);
    leaf.storage_name = std::move(name);
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

void StepReader::AddLeaf(const Leaf& leaf, const OrbaxStore& store,
                         const std::string& prefix) {
  TreePath path = leaf.path;
  if (!prefix.empty()) {
    path.insert(path.begin(), prefix.substr(0, prefix.size() - 1));
  }
  std::string key = JoinTreePath(path);
  if (!keys_.insert(key).second) {
    layout_.issues.push_back(
        {"duplicate-variable", key, "stands twice in the tree"});
    return;
  }
  Variable& variable = layout_.variables.emplace_back();
  variable.key = key;
  std::optional<int64_t> value;
  if (std::optional<ZarrArray> array = store.Find(leaf.storage_name)) {
    variable.shape = Shape::Of(array->shape);
    variable.dtype = array->dtype;
    std::optional<uint64_t> elements = variable.shape.Elements();
    if (elements && array->item_size > 0) {
      variable.bytes = CheckedMul(*elements, array->item_size);
    }
    value = store.Counter(leaf.storage_name, *array);
  } else {
    layout_.issues.push_back(
        {"missing-shard", key,
         fmt::format("the tree names it, the storage has no \"{}\"",
                     Printable(leaf.storage_name))});
  }
  paths_.push_back(std::move(path));
  values_.push_back(value);
}

void StepReader::ReadItem(const std::string& name) {
  Source item = name.empty() ? place_.step : place_.step.Child(name);
  std::vector<Issue> issues;
  OrbaxStore store(item, &issues);
  for (Issue& issue : issues) {
    if (!name.empty()) issue.where = name + "/" + issue.where;
    layout_.issues.push_back(std::move(issue));
  }
  // Where there is one item only, its name is no part of the variables'.
  std::string prefix = place_.items.size() > 1 ? name + "/" : std::string();
  for (const Leaf& leaf : LeavesOf(item, store, prefix)) {
    AddLeaf(leaf, store, prefix);
  }
}

void StepReader::SetStep() {
  std::string name = place_.step.name();
  bool is_managed = !place_.items.empty() && !place_.step.HasChild(kStandAlone);
  bool is_number = name.find_first_not_of("0123456789") == name.npos;
  if (is_managed || is_number) layout_.source.step = StepNumber(name);
  if (layout_.source.step) return;
  std::optional<int64_t> step;
  for (size_t i : StepVariables(paths_, layout_)) {
    if (!values_[i] || (step && *step != *values_[i])) return;
    step = values_[i];
  }
  layout_.source.step = step;
}

Layout StepReader::Read() && {
  if (place_.items.empty() && !IsItem(place_.step)) {
    throw Corrupt({}, "an Orbax step without an item that holds arrays");
  }
  if (IsUnfinished(place_.step.name())) {
    layout_.issues.push_back({"truncated-data", place_.step.name(),
                              "this save never ended: Orbax passes it over"});
  }
  layout_.source.format = "orbax";
  layout_.source.framework = "jax";
  if (place_.items.empty()) ReadItem({});
  for (const std::string& item : place_.items) ReadItem(item);
  DescribeTree(paths_, std::vector<bool>(paths_.size()), &layout_);
  SetStep();
  return std::move(layout_);
}

Layout Read(const Source& source, const ReadOptions&) {
  std::optional<Place> place = Locate(source);
  Layout layout = StepReader(*place).Read();
  if (place->is_chosen) layout.source.resolved = place->step.path();
  return layout;
}

}  // namespace

extern constexpr Format kOrbax = {
    .id = "orbax",
    .summary = "Orbax directory: a step, a run, or one item; OCDBT and Zarr",
    .extensions = "<step>/ _METADATA manifest.ocdbt",
    .detect = Detect,
    .read = Read,
};

}  // namespace ckptdiff
