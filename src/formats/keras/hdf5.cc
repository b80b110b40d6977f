#include "formats/keras/hdf5.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <tuple>

#include "base/bytes.h"
#include "base/text.h"
#include "ckptdiff/dtype.h"

namespace ckptdiff {
namespace {

// Keras writes the root's attributes and first links before anything else: in
// all files that were seen, their names stand in the first 2 KiB.
constexpr size_t kSniffed = 8192;

bool Holds(const std::string& head, std::string_view text) {
  return head.find(text) != std::string::npos;
}

// Names of the root's links end in a NUL in the heap and are padded to eight
// bytes, so a NUL stands on both sides.
bool HoldsLink(const std::string& head, std::string_view name) {
  std::string padded = '\0' + std::string(name) + '\0';
  return Holds(head, padded);
}

constexpr std::array<std::string_view, 12> kStatistics = {
    "moving_mean", "moving_variance",    "moving_std",
    "mean",        "variance",           "count",
    "renorm_mean", "renorm_stddev",      "running_mean",
    "running_std", "renorm_mean_weight", "renorm_stddev_weight"};

// Every data set with its path, in the order of the file.
template <typename Visit>
void ForEachNode(const Hdf5Node& node, std::string& path, const Visit& visit) {
  for (const Hdf5Node& child : node.children) {
    size_t length = path.size();
    if (!path.empty()) path += '/';
    path += child.name;
    visit(child, path);
    ForEachNode(child, path, visit);
    path.resize(length);
  }
}

// A group `vars` whose data sets are numbered: some object of a Keras 3 store.
bool HoldsVars(const Hdf5Node& group) {
  return std::ranges::any_of(group.children, [](const Hdf5Node& child) {
    if (!child.is_group()) return false;
    bool is_store =
        child.name == "vars" &&
        std::ranges::all_of(child.children, [](const Hdf5Node& variable) {
          return variable.is_dataset() || !variable.is_group();
        });
    return is_store || HoldsVars(child);
  });
}

struct Extent {
  uint64_t begin;
  uint64_t end;
  std::string key;
};

void AddOverlaps(std::vector<Extent>* extents, std::vector<Issue>* issues) {
  std::ranges::sort(*extents, [](const Extent& a, const Extent& b) {
    return std::tie(a.begin, a.end, a.key) < std::tie(b.begin, b.end, b.key);
  });
  for (size_t i = 1; i < extents->size(); ++i) {
    const Extent& before = (*extents)[i - 1];
    const Extent& after = (*extents)[i];
    // Equal extents are one data set under two names.
    if (after.begin >= before.end ||
        (after.begin == before.begin && after.end == before.end)) {
      continue;
    }
    issues->push_back(
        {"overlapping-tensors", after.key,
         fmt::format("shares bytes {} to {} with \"{}\"", after.begin,
                     std::min(before.end, after.end), before.key)});
  }
}

void AddDatasetIssues(const Hdf5Node& node, const std::string& path,
                      uint64_t file_size, std::vector<Extent>* extents,
                      std::vector<Issue>* issues) {
  if (node.outside) {
    issues->push_back({"external-link", path,
                       fmt::format("its data lie elsewhere ({}), which is not "
                                   "followed",
                                   node.target)});
    return;
  }
  std::optional<uint64_t> elements = node.shape.Elements();
  if (!elements || *elements == 0) return;
  if (!node.offset) {
    if (node.stored == 0) {
      issues->push_back(
          {"unwritten-data", path, "no data were ever written for it"});
    }
    return;
  }
  std::optional<uint32_t> bits = DTypeBits(node.dtype);
  std::optional<uint64_t> needed =
      bits ? CheckedMul(*elements, *bits / 8) : std::optional(node.stored);
  std::optional<uint64_t> end = CheckedAdd(*node.offset, node.stored);
  if (!needed || *needed > node.stored) {
    issues->push_back(
        {"truncated-data", path,
         fmt::format("has {} bytes, its shape needs {}", node.stored,
                     needed ? std::to_string(*needed) : "more than 2^64")});
  } else if (!end || *end > file_size) {
    issues->push_back({"truncated-data", path,
                       fmt::format("{} bytes at {} lie outside the file of {}",
                                   node.stored, *node.offset, file_size)});
  } else {
    extents->push_back({*node.offset, *end, path});
  }
}

}  // namespace

KerasHdf5 SniffKerasHdf5(const Source& source) {
  std::optional<uint64_t> base = FindHdf5(source);
  if (!base) return KerasHdf5::kNone;
  std::string head = source.Peek(*base, kSniffed);
  if (Holds(head, "layer_names") || Holds(head, "model_config") ||
      Holds(head, "model_weights") || Holds(head, "nb_layers")) {
    return KerasHdf5::kLegacy;
  }
  if (HoldsLink(head, "layers") || HoldsLink(head, "vars") ||
      HoldsLink(head, "layers\\dense") ||
      Holds(head, "_layer_checkpoint_dependencies")) {
    return KerasHdf5::kStore;
  }
  return KerasHdf5::kForeign;
}

KerasHdf5 KindOf(const Hdf5Node& root) {
  if (root.Attribute("model_config") != nullptr ||
      root.Child("model_weights") != nullptr || root.Names("layer_names") ||
      root.Attribute("nb_layers") != nullptr) {
    return KerasHdf5::kLegacy;
  }
  return HoldsVars(root) ? KerasHdf5::kStore : KerasHdf5::kForeign;
}

Error ForeignHdf5(const Hdf5Node& root) {
  ErrorCode code = ErrorCode::kUnrecognized;
  std::string what = "an HDF5 file that is no Keras checkpoint";
  bool is_pandas = false;
  for (const Hdf5Node& child : root.children) {
    is_pandas = is_pandas || child.Attribute("pandas_type") != nullptr;
  }
  if (is_pandas) {
    what += ": tables of pandas (DataFrame.to_hdf)";
  } else if (root.Attribute("PYTABLES_FORMAT_VERSION") != nullptr) {
    what += ": tables of PyTables";
  } else if (root.Attribute("_NCProperties") != nullptr) {
    what += ": a netCDF-4 data set";
  } else if (root.children.empty()) {
    code = ErrorCode::kCorrupt;  // created, and never written
    what += ": it is empty";
  } else {
    std::vector<std::string> names;
    for (const Hdf5Node& child : root.children) {
      if (names.size() < 3) names.push_back("\"" + child.name + "\"");
    }
    what += fmt::format(": it holds {}{}", fmt::join(names, ", "),
                        root.children.size() > 3 ? ", …" : "");
  }
  return Error{code, {}, {}, std::move(what), {}};
}

Variable DatasetVariable(const Hdf5Node& node, std::string key) {
  Variable variable;
  variable.key = std::move(key);
  variable.shape = node.shape;
  variable.dtype = node.dtype;
  std::optional<uint64_t> elements = node.shape.Elements();
  std::optional<uint32_t> bits = DTypeBits(node.dtype);
  if (elements && bits) variable.bytes = CheckedMul(*elements, *bits / 8);
  if (node.offset && variable.bytes == node.stored) {
    variable.data = ByteRange{{}, *node.offset, node.stored};
  }
  return variable;
}

std::optional<int64_t> StepValue(const Hdf5Node& node) {
  if (!node.scalar || std::floor(*node.scalar) != *node.scalar ||
      std::abs(*node.scalar) > 9007199254740992.0) {  // 2^53
    return std::nullopt;
  }
  return static_cast<int64_t>(*node.scalar);
}

std::vector<Issue> Hdf5Issues(const Hdf5Tree& tree) {
  std::vector<Issue> issues;
  std::vector<Extent> extents;
  std::string path;
  ForEachNode(tree.root, path,
              [&](const Hdf5Node& node, const std::string& at) {
                if (node.kind == Hdf5Node::Kind::kSoftLink ||
                    node.kind == Hdf5Node::Kind::kExternalLink) {
                  issues.push_back(
                      {"external-link", at,
                       fmt::format("is a link to \"{}\", which is not "
                                   "followed: current Keras refuses it too",
                                   node.target)});
                } else if (node.is_dataset()) {
                  AddDatasetIssues(node, at, tree.file_size, &extents, &issues);
                }
              });
  AddOverlaps(&extents, &issues);
  bool is_told = std::ranges::any_of(issues, [](const Issue& issue) {
    return issue.rule == "truncated-data";
  });
  if (tree.expected_size && !is_told) {
    issues.push_back({"truncated-data", "",
                      fmt::format("the file has {} of {} bytes", tree.file_size,
                                  *tree.expected_size)});
  }
  return issues;
}

std::optional<int> KerasMajor(std::string_view version) {
  int major = 0;
  auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), major);
  bool is_number = error == std::errc() && major > 0 && major < 100;
  return is_number ? std::optional(major) : std::nullopt;
}

std::string KerasWriter(std::string_view version) {
  if (version.empty()) return {};
  int minor = 0;
  size_t dot = version.find('.');
  if (dot != version.npos) {
    std::from_chars(version.data() + dot + 1, version.data() + version.size(),
                    minor);
  }
  // From 2.16 on, Keras 2 lives in a package of its own.
  bool is_tf_keras = KerasMajor(version) == 2 && minor >= 16;
  return fmt::format("{} {}", is_tf_keras ? "tf-keras" : "Keras", version);
}

std::string WithoutOutputIndex(std::string_view name) {
  if (name.ends_with(":0")) name.remove_suffix(2);
  return std::string(name);
}

bool IsStatistic(std::string_view leaf) {
  return std::ranges::find(kStatistics, leaf) != kStatistics.end();
}

}  // namespace ckptdiff
