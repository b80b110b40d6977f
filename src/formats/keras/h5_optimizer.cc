// One file, for all spellings end in the same listing.

#include "formats/keras/h5_optimizer.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "base/name_parts.h"
#include "base/text.h"
#include "formats/keras/hdf5.h"
#include "formats/keras/paths.h"
#include "layout/slots.h"

namespace ckptdiff {
namespace {

struct Entry {
  std::string name;  // without ":0"
  const Hdf5Node* node = nullptr;
  Variable variable;
};

// What a name says: a word of the framework and whose state it is.
struct Said {
  SlotDialect dialect = SlotDialect::kKeras2;
  std::string word;
  std::optional<size_t> owner;
};

constexpr std::array<std::string_view, 12> kKeras3Words = {
    "momentum",
    "velocity",
    "velocity_hat",
    "norm",
    "accumulated_grad",
    "accumulated_delta_var",
    "accumulator",
    "linear",
    "average_gradient",
    "average",
    "gradient_accumulator",
    "gradient"};

constexpr std::array<std::string_view, 4> kCounters = {"iterations", "iter",
                                                       "iteration", "step"};

bool IsCounter(const Entry& entry) {
  return entry.variable.shape.dims.empty() &&
         std::ranges::find(kCounters, LastPart(entry.name, "/")) !=
             kCounters.end();
}

// Names → owners; a name that two trained variables bear settles nothing.
class OwnerIndex {
 public:
  OwnerIndex(const SlotOwners& owners, bool is_flat) {
    for (size_t i = 0; i < owners.all.size(); ++i) {
      std::string name = owners.all[i].name;
      if (is_flat) std::ranges::replace(name, '/', '_');
      auto [found, is_new] = index_.emplace(name, i);
      if (is_new) continue;
      bool was_optimized =
          found->second && owners.all[*found->second].optimized;
      if (was_optimized && owners.all[i].optimized) {
        found->second.reset();
      } else if (owners.all[i].optimized) {
        found->second = i;
      }
    }
  }
  bool Knows(std::string_view name) const {
    return index_.find(name) != index_.end();
  }
  std::optional<size_t> At(std::string_view name) const {
    auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : found->second;
  }

 private:
  std::map<std::string, std::optional<size_t>, std::less<>> index_;
};

class NameReader {
 public:
  explicit NameReader(const SlotOwners& owners)
      : owners_(owners, false), flat_(owners, true) {}

  std::optional<Said> Read(std::string_view name) const {
    if (auto said = OwnerThenWord(name)) return said;
    if (auto said = WordThenOwner(name)) return said;
    return Flat(name);
  }

 private:
  // "training/Adam/dense/kernel/m".
  std::optional<Said> OwnerThenWord(std::string_view name) const {
    size_t slash = name.rfind('/');
    if (slash == name.npos) return std::nullopt;
    std::string_view word = name.substr(slash + 1);
    std::string_view owner = name.substr(0, slash);
    if (!IsSlotWord(SlotDialect::kKeras2, word)) return std::nullopt;
    while (true) {
      if (owners_.Knows(owner)) {
        return Said{SlotDialect::kKeras2, std::string(word), owners_.At(owner)};
      }
      size_t next = owner.find('/');
      if (next == owner.npos) return std::nullopt;
      owner.remove_prefix(next + 1);
    }
  }

  // "Adam/m/dense/kernel", "m/dense/kernel".
  std::optional<Said> WordThenOwner(std::string_view name) const {
    while (true) {
      size_t slash = name.find('/');
      if (slash == name.npos) return std::nullopt;
      std::string_view word = name.substr(0, slash);
      name.remove_prefix(slash + 1);
      if (IsSlotWord(SlotDialect::kKeras2, word) && owners_.Knows(name)) {
        return Said{SlotDialect::kKeras2, std::string(word), owners_.At(name)};
      }
    }
  }

  // "adam/mlp_dense_kernel_momentum".
  std::optional<Said> Flat(std::string_view name) const {
    std::string_view flat = LastPart(name, "/");
    for (std::string_view word : kKeras3Words) {
      if (!flat.ends_with(word) || flat.size() < word.size() + 2) continue;
      std::string_view owner = flat.substr(0, flat.size() - word.size());
      if (owner.back() != '_') continue;
      owner.remove_suffix(1);
      if (flat_.Knows(owner)) {
        return Said{SlotDialect::kKeras3, std::string(word), flat_.At(owner)};
      }
    }
    return std::nullopt;
  }

  OwnerIndex owners_;
  OwnerIndex flat_;
};

// ---- Keras 1 to 2.2: names are numbers.

std::vector<SlotRun> OldRuns(const std::string& class_name) {
  static const std::map<std::string, std::vector<SlotRun>> runs = {
      {"Adam", {{{"m"}}, {{"v"}}}},
      {"Adamax", {{{"m"}}, {{"v"}}}},
      {"Nadam", {{{"m"}}, {{"v"}}}},
      {"SGD", {{{"momentum"}}}},
      {"RMSprop", {{{"rms"}}}},
      {"Adagrad", {{{"accumulator"}}}},
      {"Adadelta", {{{"accum_grad"}}, {{"accum_var"}}}},
  };
  auto found = runs.find(class_name);
  return found == runs.end() ? std::vector<SlotRun>() : found->second;
}

// Up to 2.0.5, plain byte order of the weights' names; later, layer order.
bool SortsByName(std::string_view version, const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    if (entry.name.find('/') != std::string::npos) return false;
  }
  if (KerasMajor(version).value_or(1) < 2) return true;
  return version.starts_with("2.0.") && version.size() == 5 &&
         version[4] <= '5';
}

SlotOwners Sorted(const SlotOwners& owners, std::vector<size_t>* order) {
  order->resize(owners.all.size());
  std::iota(order->begin(), order->end(), size_t{0});
  std::ranges::stable_sort(*order, {}, [&](size_t i) {
    return std::string_view(owners.all[i].name);
  });
  SlotOwners sorted;
  sorted.ordered = owners.ordered;
  for (size_t i : *order) sorted.all.push_back(owners.all[i]);
  return sorted;
}

bool AnyTied(const std::vector<TiedSlot>& tied) {
  return std::ranges::any_of(
      tied, [](const TiedSlot& one) { return one.owner.has_value(); });
}

std::vector<TiedSlot> TieOld(const KerasOptimizer& optimizer,
                             std::vector<Shape> shapes, bool sorts_by_name,
                             const SlotOwners& owners) {
  std::vector<SlotRun> runs = OldRuns(optimizer.class_name);
  // Adam without amsgrad keeps placeholders of shape [1] for vhat (≥ 2.1.3).
  size_t whole = shapes.size(), third = whole / 3;
  bool has_placeholders =
      optimizer.class_name == "Adam" && whole > 0 && whole % 3 == 0 &&
      std::ranges::all_of(std::span(shapes).last(third), [](const Shape& one) {
        return one == Shape::Of({1});
      });
  if (has_placeholders && !optimizer.amsgrad) {
    shapes.resize(whole - third);
  } else if (optimizer.class_name == "Adam" && optimizer.amsgrad) {
    runs.push_back({{"vhat"}});
  }
  std::vector<size_t> order;
  SlotOwners sorted = Sorted(owners, &order);
  std::vector<TiedSlot> tied;
  for (bool by_name : {sorts_by_name, !sorts_by_name}) {
    tied = TieRuns(runs, shapes, by_name ? sorted : owners);
    if (!AnyTied(tied)) continue;
    for (TiedSlot& one : tied) {
      if (by_name && one.owner) one.owner = order[*one.owner];
    }
    break;
  }
  size_t placed = tied.size();
  tied.resize(whole);
  for (size_t i = placed; i < whole; ++i) tied[i].placeholder = true;
  return tied;
}

// ---- The group.

std::vector<Entry> Entries(const Hdf5Node& group, const std::string& prefix,
                           Layout* layout) {
  std::vector<Entry> entries;
  std::vector<std::string> names =
      group.Names("weight_names").value_or(std::vector<std::string>());
  if (!group.Attribute("weight_names") && names.empty()) {
    for (const Hdf5Node& child : group.children) {
      if (child.is_dataset()) names.push_back(child.name);
    }
  }
  for (const std::string& name : names) {
    const Hdf5Node* node = group.At(name);
    if (node == nullptr || !node->is_dataset()) {
      layout->issues.push_back({"truncated-data", prefix + "/" + name,
                                "stands in weight_names, but there is no such "
                                "data set"});
      continue;
    }
    entries.push_back({WithoutOutputIndex(name), node,
                       DatasetVariable(*node, prefix + "/" + name)});
  }
  return entries;
}

class Lister {
 public:
  Lister(const KerasOptimizer& optimizer, const SlotOwners& owners,
         Layout* layout)
      : optimizer_(optimizer),
        owners_(owners),
        layout_(layout),
        id_(AddOptimizer(optimizer, layout)) {}

  // True: the names say whose state the variables are.
  bool ListByName(std::vector<Entry>* entries) {
    NameReader reader(owners_);
    std::vector<std::optional<Said>> said;
    bool any = false;
    for (const Entry& entry : *entries) {
      said.push_back(IsCounter(entry) ? std::nullopt : reader.Read(entry.name));
      any = any || said.back().has_value();
    }
    if (!any) return false;
    for (size_t i = 0; i < entries->size(); ++i) {
      Add((*entries)[i], said[i] ? &*said[i] : nullptr);
    }
    return true;
  }

  void ListByOrder(std::vector<Entry>* entries, std::string_view version) {
    size_t scalars = 0;
    while (scalars < entries->size() &&
           (*entries)[scalars].variable.shape.dims.empty()) {
      ++scalars;
    }
    std::vector<Shape> shapes;
    for (size_t i = scalars; i < entries->size(); ++i) {
      shapes.push_back((*entries)[i].variable.shape);
    }
    std::vector<TiedSlot> tied =
        TieOld(optimizer_, shapes, SortsByName(version, *entries), owners_);
    for (size_t i = 0; i < entries->size(); ++i) {
      Entry& entry = (*entries)[i];
      if (i < scalars) {
        Add(entry, nullptr);
        continue;
      }
      const TiedSlot& slot = tied[i - scalars];
      Said said{SlotDialect::kKeras2, slot.word.empty() ? "slot" : slot.word,
                slot.owner};
      Add(entry, slot.placeholder ? nullptr : &said);
    }
  }

 private:
  void Add(Entry& entry, const Said* said) {
    Variable variable = std::move(entry.variable);
    variable.name = entry.name;
    bool is_array = !variable.shape.dims.empty();
    variable.role = Role::kOptimizer;
    if (said == nullptr && is_array) variable.role = Role::kBookkeeping;
    if (said != nullptr) {
      Slot slot;
      slot.raw = said->word;
      slot.slot =
          CanonicalSlot(said->dialect, optimizer_.class_name, said->word);
      bool is_average = slot.slot == "average";
      variable.role = is_average ? Role::kAverage : Role::kSlot;
      if (!is_average) {
        slot.optimizer = id_;
        NoteSlot(id_, slot.slot, layout_);
      }
      if (said->owner) {
        slot.owner = owners_.all[*said->owner].name;
        slot.owner_key = owners_.all[*said->owner].key;
      }
      variable.slot = std::move(slot);
    }
    bool is_first = layout_->source.step == std::nullopt;
    if (!is_array && said == nullptr && is_first &&
        (IsCounter({entry.name, nullptr, variable}) || IsOldCounter(entry))) {
      layout_->source.step = StepValue(*entry.node);
    }
    layout_->variables.push_back(std::move(variable));
  }

  // Keras 1: the counter has no name of its own.
  static bool IsOldCounter(const Entry& entry) {
    std::string_view last = LastPart(entry.name, "/");
    return last == "Variable" || last == "param_0" ||
           last.starts_with("iterations") || last.starts_with("Variable_");
  }

  const KerasOptimizer& optimizer_;
  const SlotOwners& owners_;
  Layout* layout_;
  std::string id_;
};

}  // namespace

void ListH5Optimizer(const Hdf5Node& group, const std::string& prefix,
                     const KerasOptimizer& optimizer,
                     std::string_view keras_version, const SlotOwners& owners,
                     Layout* layout) {
  std::vector<Entry> entries = Entries(group, prefix, layout);
  if (entries.empty()) return;
  Lister lister(optimizer, owners, layout);
  if (!lister.ListByName(&entries)) lister.ListByOrder(&entries, keras_version);
}

}  // namespace ckptdiff
