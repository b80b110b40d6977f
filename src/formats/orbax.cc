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

#include "base/bytes.h"
#include "base/parse_error.h"
#include "base/text.h"
#include "formats/format.h"
#include "formats/orbax_directory.h"
#include "formats/orbax_store.h"
#include "formats/orbax_tree.h"
#include "layout/pytree.h"

namespace ckptdiff {
namespace {

constexpr std::string_view kStandAlone = "orbax.checkpoint";
constexpr uint64_t kMaxTree = uint64_t{256} << 20;

Claim Detect(const Source& source, const ReadOptions&) {
  std::optional<OrbaxPlace> place = LocateOrbax(source);
  if (!place) return {};
  std::string path = place->step.path();
  // An item typed by itself is the checkpoint of its step, if that has no
  // other one.
  Source above(source.files(), place->step.directory());
  bool is_item = place->items.empty() && above.HasChild(kOrbaxStepMetadata) &&
                 OrbaxItemsOf(above).size() == 1;
  if (is_item) path = above.path();
  return {.match = Match::kYes, .primary = path, .members = {path}};
}

// Puts the items of one step together.
class StepReader {
 public:
  explicit StepReader(const OrbaxPlace& place) : place_(place) {}
  Layout Read() &&;

 private:
  void ReadItem(const std::string& name);
  void AddLeaf(const OrbaxLeaf& leaf, const OrbaxStore& store,
               const std::string& prefix);
  std::vector<OrbaxLeaf> LeavesOf(const Source& item, const OrbaxStore& store,
                                  const std::string& prefix);
  void SetStep();

  const OrbaxPlace& place_;
  Layout layout_;
  std::vector<TreePath> paths_;
  std::vector<std::optional<int64_t>> values_;
  std::set<std::string> keys_;
};

std::vector<OrbaxLeaf> StepReader::LeavesOf(const Source& item,
                                            const OrbaxStore& store,
                                            const std::string& prefix) {
  if (item.HasChild(kOrbaxTree)) {
    std::string text = item.Child(kOrbaxTree).ReadAll(kMaxTree);
    return ReadOrbaxTree(text, prefix + std::string(kOrbaxTree));
  }
  layout_.issues.push_back(
      {"missing-shard", prefix + std::string(kOrbaxTree),
       "is not there: names are told from the storage, where a key that "
       "contains \".\" looks like two"});
  std::vector<OrbaxLeaf> leaves;
  for (std::string& name : store.Names()) {
    OrbaxLeaf leaf;
    for (std::string_view part : Split(name, '.')) leaf.path.emplace_back(part);
    leaf.storage_name = std::move(name);
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

void StepReader::AddLeaf(const OrbaxLeaf& leaf, const OrbaxStore& store,
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
  for (const OrbaxLeaf& leaf : LeavesOf(item, store, prefix)) {
    AddLeaf(leaf, store, prefix);
  }
}

void StepReader::SetStep() {
  std::string name = place_.step.name();
  bool is_managed = !place_.items.empty() && !place_.step.HasChild(kStandAlone);
  bool is_number = name.find_first_not_of("0123456789") == name.npos;
  if (is_managed || is_number) layout_.source.step = OrbaxStepNumber(name);
  if (layout_.source.step) return;
  std::vector<std::optional<int64_t>> steps;
  for (size_t i : StepVariables(paths_, layout_)) steps.push_back(values_[i]);
  layout_.source.step = OneStep(steps);
}

Layout StepReader::Read() && {
  if (place_.items.empty() && !IsOrbaxItem(place_.step)) {
    throw Corrupt({}, "an Orbax step without an item that holds arrays");
  }
  if (IsUnfinishedOrbax(place_.step.name())) {
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
  std::optional<OrbaxPlace> place = LocateOrbax(source);
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
